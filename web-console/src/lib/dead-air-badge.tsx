// A badge for a conversation in which nobody has spoken for a while, and for how long.
import { VolumeX } from 'lucide-react'
import { useTexts } from '@/i18n/use-texts'
import type { CallView } from '@/live/protocol'
import { Badge, Elapsed } from '@/ui'

export function DeadAirBadge({ call }: { call: CallView }) {
  const { t } = useTexts('app')
  if (!call.dead_air_since) return null
  return (
    <span title={t('common:dead_air.help')} className="inline-flex min-w-0 shrink-0" data-testid="dead-air">
      <Badge tone="warn" icon={VolumeX}>
        {t('common:dead_air.badge')} <Elapsed since={call.dead_air_since} />
      </Badge>
    </span>
  )
}
