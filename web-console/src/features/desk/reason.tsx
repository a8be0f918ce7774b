import { ChevronRight } from 'lucide-react'
import { useTexts } from '@/i18n/use-texts'
import { languageText, keyText } from '@/i18n/words'
import type { CallView } from '@/live/protocol'
import { timeText } from '@/i18n/format'
import { useFloor } from '@/lib/use-live'

/** Why they call: the reason chosen in the menu, the way there, how long they have waited, the language to speak. */
export function WhyTheyCall({ call }: { call: CallView }) {
  const { t, i18n } = useTexts('desk')
  const from = useFloor((floor) => (call.transferred_from ? (floor.colleagues.get(call.transferred_from)?.name ?? call.transferred_from) : null))
  if (call.direction === 'outbound') return null
  const steps = call.ivr_path.slice(-4)
  return (
    <section aria-label={t('why.title')} className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-accent-soft px-4 py-2">
      <p className="min-w-0">
        <span className="text-ink-2">{t('why.reason')} </span>
        <strong className="font-semibold">{call.reason ? keyText(call.reason) : t('why.no_reason')}</strong>
      </p>
      {steps.length > 0 && (
        <p className="flex min-w-0 items-center gap-1 text-ink-2" title={call.ivr_path.map(keyText).join(' › ')}>
          <span className="sr-only">{t('why.path')}</span>
          {steps.map((step, i) => (
            <span key={i} className="flex items-center gap-1">
              {i > 0 && <ChevronRight size={12} aria-hidden />}
              {keyText(step)}
            </span>
          ))}
        </p>
      )}
      <p>
        <span className="text-ink-2">{t('why.language')} </span>
        <strong className="font-semibold">{languageText(call.language)}</strong>
      </p>
      {call.queued_at && (
        <p className="text-ink-2">
          {t('why.waiting_since', { at: timeText(call.queued_at, i18n.language) })}
        </p>
      )}
      {from !== null && <p className="font-medium">{t('why.transferred', { name: from })}</p>}
    </section>
  )
}
