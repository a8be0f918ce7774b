import { ChevronDown } from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import { useTexts } from '@/i18n/use-texts'
import { languageText, keyText } from '@/i18n/words'
import type { CallView } from '@/live/protocol'
import { clockText, timeText } from '@/i18n/format'
import { useFloor } from '@/lib/use-live'
import { useNames } from '@/lib/use-names'
import { PopoverPanel } from '@/ui'

/** Why they call: the reason chosen in the menu, the language to speak, how long they have waited, and the way there on demand. */
export function WhyTheyCall({ call }: { call: CallView }) {
  const { t, i18n } = useTexts('desk')
  const names = useNames()
  const from = useFloor((floor) => (call.transferred_from ? (floor.colleagues.get(call.transferred_from)?.name ?? call.transferred_from) : null))
  if (call.direction === 'outbound') return null
  return (
    <section aria-label={t('why.title')} className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-accent-soft px-4 py-2">
      <p className="min-w-0 break-words">
        {call.reason ? (
          <>
            <span className="text-ink-2">{t('why.reason')} </span>
            <strong className="font-semibold">{names.reason(call.reason)}</strong>
          </>
        ) : (
          <span className="text-ink-2">{t('why.no_reason')}</span>
        )}
      </p>
      <p>
        <span className="text-ink-2">{t('why.language')} </span>
        <strong className="font-semibold">{languageText(call.language)}</strong>
      </p>
      {call.queued_at && (
        <p className="text-ink-2">
          {call.connected_at ? t('why.waited', { time: clockText(Date.parse(call.connected_at) - Date.parse(call.queued_at)) }) : t('why.waiting_since', { at: timeText(call.queued_at, i18n.language) })}
        </p>
      )}
      {from !== null && <p className="font-medium">{t('why.transferred', { name: from })}</p>}
      {call.ivr_path.length > 0 && <Path call={call} />}
    </section>
  )
}

/** The stations in the line's flow, by the names that its author gave them. */
function Path({ call }: { call: CallView }) {
  const { t } = useTexts('desk')
  return (
    <PopoverPanel
      label={t('why.path')}
      placement="bottom start"
      className="max-h-80 w-64 overflow-auto"
      trigger={
        <AriaButton className="flex min-h-6 cursor-pointer items-center gap-1 text-accent-ink hover:underline" data-testid="ivr-path">
          {t('why.path')}
          <ChevronDown size={14} aria-hidden />
        </AriaButton>
      }
    >
      <p className="mb-2 text-xs text-ink-3">{t('why.path_help')}</p>
      <ol className="flex list-inside list-decimal flex-col gap-1">
        {call.ivr_path.map((step, i) => (
          <li key={i}>{keyText(step)}</li>
        ))}
      </ol>
    </PopoverPanel>
  )
}
