// Whether others could listen to a party's leg, or read what set it up: a padlock with words.
import { LockKeyhole, LockKeyholeOpen } from 'lucide-react'
import type { CallDetails } from '@/api/records'
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { cx } from '@/ui'

type Party = Schemas['Party']
type Media = Schemas['MediaProtection']
type Signalling = Schemas['SignallingTransport']

export interface Leg {
  media: Media
  signalling?: Signalling | null
}

/**
 * How the legs of customer and agent were at last. Who was heard and of whom nothing is said was in the clear, on a call whose
 * history says anything of it at all: histories from before this was written down say nothing of encrypted legs either.
 */
export function legsOf(events: CallDetails['events']): ReadonlyMap<Party, Leg> {
  const legs = new Map<Party, Leg>()
  const heard = new Set<Party>()
  for (const record of events) {
    if (record.area !== 'call') continue
    const { event } = record
    if (event.kind === 'leg_agreed') legs.set(event.party, event)
    else if (event.kind === 'audio_measured') heard.add(event.party)
  }
  if (legs.size > 0) for (const party of heard) if (!legs.has(party)) legs.set(party, { media: 'plain' })
  return legs
}

export function useLegText(): (leg: Leg) => string {
  const { t } = useTexts('calls')
  return ({ media, signalling }) => (signalling ? t('protection.both', { media: t(`protection.${media}`), signalling: t(`protection.signalling.${signalling}`) }) : t(`protection.${media}`))
}

export function LegProtection({ leg }: { leg: Leg }) {
  const text = useLegText()
  const isEncrypted = leg.media !== 'plain'
  const Icon = isEncrypted ? LockKeyhole : LockKeyholeOpen
  return (
    <span className="inline-flex items-center gap-1.5" data-testid="leg-protection" data-media={leg.media}>
      <Icon size={14} aria-hidden className={cx('shrink-0', isEncrypted ? 'text-good' : 'text-ink-3')} />
      {text(leg)}
    </span>
  )
}
