import { CircleCheck, CircleDot, CircleX, PhoneMissed, Shuffle, Bot, PhoneOff, type LucideIcon } from 'lucide-react'
import { useTexts } from '@/i18n/use-texts'
import { Badge, type BadgeTone } from '@/ui'
import type { Outcome } from './search'

const LOOKS: Record<Outcome, { tone: BadgeTone; icon: LucideIcon }> = {
  open: { tone: 'accent', icon: CircleDot },
  answered: { tone: 'good', icon: CircleCheck },
  abandoned: { tone: 'warn', icon: PhoneMissed },
  abandoned_in_ivr: { tone: 'warn', icon: PhoneMissed },
  self_served: { tone: 'neutral', icon: Bot },
  flowed_out: { tone: 'warn', icon: Shuffle },
  not_reached: { tone: 'neutral', icon: PhoneOff },
  failed: { tone: 'bad', icon: CircleX },
}

/** How a call ended, by icon, word and colour. */
export function OutcomeBadge({ outcome }: { outcome: Outcome }) {
  const { t } = useTexts('calls')
  const { tone, icon } = LOOKS[outcome]
  return (
    <Badge tone={tone} icon={icon}>
      {t(`outcome.${outcome}`)}
    </Badge>
  )
}
