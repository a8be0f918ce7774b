import { useTranslation } from 'react-i18next'
import { phoneText } from '@/i18n/format'
import type { CallView } from '@/live/protocol'

/** Who is at the other end, in the shortest words that are true. */
export function usePartyName(call: Pick<CallView, 'party'> | undefined): string {
  const { t } = useTranslation()
  if (!call) return ''
  const { party } = call
  if (party.name) return party.name
  if (party.candidates.length > 1 && party.number) return phoneText(party.number)
  if (party.number) return phoneText(party.number)
  if (party.is_web) return party.label ?? t('caller.web')
  if (party.is_withheld) return t('caller.withheld')
  return party.label ?? t('caller.unknown')
}
