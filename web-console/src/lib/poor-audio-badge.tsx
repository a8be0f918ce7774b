// A badge for a line that has been poor for some seconds: whose it is, and what may help.
import { SignalLow } from 'lucide-react'
import { useTexts } from '@/i18n/use-texts'
import type { CallView } from '@/live/protocol'
import { Badge } from '@/ui'
import { poorAudioOf } from './poor-audio'

/** `isMine`: to the agent who is on the call, "the agent's line" is their own. */
export function PoorAudioBadge({ call, isMine = false }: { call: CallView; isMine?: boolean }) {
  const { t } = useTexts('app')
  const whose = poorAudioOf(call)
  if (!whose) return null
  const seenBy = isMine ? 'mine' : 'theirs'
  return (
    <span title={t(`common:poor_audio.help.${seenBy}.${whose}`)} className="inline-flex min-w-0 shrink-0" data-testid="poor-audio" data-poor={whose}>
      <Badge tone="bad" icon={SignalLow}>
        {t(`common:poor_audio.${seenBy}.${whose}`)}
      </Badge>
    </span>
  )
}
