// By what colour and icon it is shown who has answered a call of ours.
import { CircleQuestionMark, Printer, UserRound, Voicemail, type LucideIcon } from 'lucide-react'
import type { Schemas } from '@/api/types'
import type { BadgeTone } from '@/ui'

export const ANSWER_LOOKS: Record<Schemas['Answer'], { tone: BadgeTone; icon: LucideIcon }> = {
  human: { tone: 'good', icon: UserRound },
  machine: { tone: 'warn', icon: Voicemail },
  fax: { tone: 'warn', icon: Printer },
  unsure: { tone: 'neutral', icon: CircleQuestionMark },
}
