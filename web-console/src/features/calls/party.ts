import { useTranslation } from 'react-i18next'
import type { CallLine } from '@/api/records'
import { phoneText } from '@/i18n/format'

/** Who was at the other end of a past call, in the shortest words that are true. */
export function useLineParty(): (call: CallLine) => string {
  const { t } = useTranslation()
  return (call) => call.customer_name ?? (call.customer_number ? phoneText(call.customer_number) : (call.customer_label ?? t('caller.withheld')))
}
