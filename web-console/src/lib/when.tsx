import { useTranslation } from 'react-i18next'
import { agoText, pointText } from '@/i18n/format'
import { useNow } from './use-live'

/** When something happened: how long ago, and the point in time, which nobody should need a pointer to read. */
export function When({ at }: { at: string }) {
  const { i18n } = useTranslation()
  const now = useNow()
  return (
    <time dateTime={at} className="ml-auto shrink-0 text-xs text-ink-3">
      {agoText(at, now, i18n.language)} · {pointText(at, now, i18n.language)}
    </time>
  )
}
