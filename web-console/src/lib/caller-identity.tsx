// Whether the caller's network stands for the number that is shown (STIR/SHAKEN).
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Badge, type BadgeTone } from '@/ui'

export type CallerIdentity = Schemas['CallerIdentity']

/** A, and a trunk that vouches for it, say that the number is the caller's own. */
function toneOf(identity: CallerIdentity): BadgeTone {
  if (identity.is === 'failed') return 'bad'
  const isOwn = identity.is === 'verified' && (identity.attestation ?? 'A') === 'A'
  return isOwn ? 'good' : 'neutral'
}

export function useIdentityText() {
  const { t } = useTexts('app')
  return {
    short: (identity: CallerIdentity) => t(`common:caller_identity.${identity.is}`),
    long: (identity: CallerIdentity) => {
      if (identity.is === 'failed') return t(`common:caller_identity.why.${identity.why}`)
      if (identity.is === 'unsigned') return t('common:caller_identity.unsigned_long')
      return t(`common:caller_identity.attestation.${identity.attestation ?? 'trunk'}`)
    },
  }
}

export function CallerIdentityBadge({ identity }: { identity: CallerIdentity | null | undefined }) {
  const text = useIdentityText()
  if (!identity) return null
  return (
    <span title={text.long(identity)} data-testid="caller-identity" data-identity={identity.is}>
      <Badge tone={toneOf(identity)}>{text.short(identity)}</Badge>
    </span>
  )
}
