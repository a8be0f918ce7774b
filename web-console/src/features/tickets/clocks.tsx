import type { ClockView, TicketState } from '@/api/types'
import { dateTimeText, spanText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { ClockBadge, Section } from '@/ui'

/** Every clock of a ticket: what it measures, how it stands, and when it is due. */
export function Clocks({ clocks, state }: { clocks: readonly ClockView[]; state: TicketState }) {
  const { t, i18n } = useTexts('tickets')
  return (
    <Section title={t('clocks')}>
      {clocks.length === 0 && <p className="text-ink-3">{t('no_clocks')}</p>}
      <dl className="flex flex-col gap-2">
        {clocks.map((clock) => (
          <div key={`${clock.metric}${clock.started_at}`} className="grid grid-cols-[1fr_auto] items-center gap-x-2" data-testid={`clock-${clock.metric}`} data-state={clock.state}>
            <dt className="font-medium">{t(`common:ticket.metric.${clock.metric}`)}</dt>
            <dd>
              <ClockBadge clock={clock} state={state} />
            </dd>
            <dd className="col-span-2 flex flex-col text-xs text-ink-3">
              {clock.due_at && <span>{t('due_at', { at: dateTimeText(clock.due_at, i18n.language), target: spanText(clock.target_secs * 1000) })}</span>}
              {clock.state === 'paused' && <span>{t('paused', { state: t(`common:ticket.state.${state}`), left: spanText((clock.left_secs ?? 0) * 1000), target: spanText(clock.target_secs * 1000) })}</span>}
              {clock.met_at && <span>{t('met_at', { at: dateTimeText(clock.met_at, i18n.language), target: spanText(clock.target_secs * 1000) })}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}
