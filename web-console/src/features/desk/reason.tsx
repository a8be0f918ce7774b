import { ChevronDown } from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import { useTexts } from '@/i18n/use-texts'
import { languageText } from '@/i18n/words'
import type { CallView } from '@/live/protocol'
import { clockText, timeText } from '@/i18n/format'
import { useFloor } from '@/lib/use-live'
import { useNames } from '@/lib/use-names'
import { PopoverPanel } from '@/ui'

/** Why they call: the reason chosen in the menu, the language to speak, how long they have waited, and the way there on demand. */
export function WhyTheyCall({ call }: { call: CallView }) {
  const { t, i18n } = useTexts('desk')
  const names = useNames()
  // A call that was parked and taken back by the same agent comes from nobody else.
  const from = useFloor((floor) => (call.transferred_from && call.transferred_from !== floor.user ? (floor.colleagues.get(call.transferred_from)?.name ?? call.transferred_from) : null))
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
      {call.returns_from && <p className="font-medium text-warn-ink">{t('why.returned', { slot: call.returns_from })}</p>}
      {from !== null && <p className="font-medium">{t('why.transferred', { name: from })}</p>}
      <Path steps={names.path(call.line, call.ivr_path)} />
    </section>
  )
}

/** The stations of the line that the caller came by. */
function Path({ steps }: { steps: readonly string[] }) {
  const { t } = useTexts('desk')
  if (steps.length === 0) return null
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
      <ol className="flex list-inside list-decimal flex-col gap-1">
        {steps.map((step, i) => (
          <li key={i}>{step}</li>
        ))}
      </ol>
    </PopoverPanel>
  )
}
