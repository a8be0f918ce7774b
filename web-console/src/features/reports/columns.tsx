// The columns of the reports. A figure that counts contacts is a link to them.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { clockText, dateText, dateTimeText, numberText, percentText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { useNames } from '@/lib/use-names'
import { cx, type Column } from '@/ui'
import { thresholdText, type AgentInterval, type CallbackInterval, type QueueInterval, type Ratio } from './figures'
import type { CallbackFigure, Figure } from './search'

const CAUSES = ['no_agents', 'max_wait', 'full', 'closed', 'expected_wait', 'key', 'moved', 'node_lost'] as const

type CallbackCount = 'requested' | 'promises_open' | 'reached' | 'kept' | 'failed' | 'expired' | 'merged' | 'cancelled' | 'attempts' | 'retries'

/** From how many hours on an interval is a day. */
const DAY_HOURS_MIN = 22

/** Whether handling times can be told: while the interval or a wrap-up goes on they are not whole. */
function isSettled(line: QueueInterval): boolean {
  return line.is_over && line.wrapping_up === 0
}

export function useQueueColumns(): ReadonlyArray<Column<QueueInterval>> {
  const { t } = useTexts('reports')
  const [begins, queue] = useFirstColumns()
  const figure = useFigureColumn()
  return [
    begins,
    queue,
    figure('offered', 'offered', t('field.offered'), (line) => line.offered),
    figure('answered', 'answered', t('field.answered'), (line) => line.answered),
    figure('abandoned', 'abandoned', t('field.abandoned'), (line) => line.abandoned),
    figure('flowed_out', 'flowed_out', t('field.flowed_out'), (line) => line.flowed_out),
    { id: 'level', title: t('field.level'), width: 'minmax(128px, 1.2fr)', cell: (line) => <Levels line={line} /> },
    { id: 'asa', title: t('field.asa'), width: '64px', isNumber: true, cell: (line) => <Behind line={line} figure="answered" title={t('field.asa')} help={t('help.asa', waitsText(line.waits))} text={lengthText(line.averages.asa_ms)} testId="behind-asa" /> },
    { id: 'longest', title: t('field.longest'), width: '72px', isNumber: true, cell: (line) => <Behind line={line} figure="longest_wait" title={t('field.longest')} text={line.offered > line.open ? lengthText(line.wait_ms_max) : '–'} /> },
    { id: 'aht', title: t('field.aht'), width: '72px', isNumber: true, cell: (line) => <Handled line={line} id="aht" ms={line.averages.aht_ms} /> },
    { id: 'adds_up', title: t('field.difference'), width: '84px', cell: (line) => <AddsUp isReconciled={line.balance.is_reconciled} off={t('off_by', { difference: line.balance.difference })} /> },
  ]
}

export function useLevelColumns(): ReadonlyArray<Column<QueueInterval>> {
  const { t, i18n } = useTexts('reports')
  const [begins, queue] = useFirstColumns()
  const figure = useFigureColumn()
  const codes = ['SL-1', 'SL-2', 'SL-3', 'SL-4', 'SL-5', 'SL-6', 'SL-7']
  return [
    begins,
    queue,
    { id: 'level', title: t('field.level'), width: 'minmax(128px, 1.2fr)', cell: (line) => <Levels line={line} /> },
    ...codes.map((code): Column<QueueInterval> => ({
      id: code,
      title: code,
      width: 'minmax(56px, 0.6fr)',
      isNumber: true,
      cell: (line) => {
        const level = line.service_levels.find((one) => one.code === code)
        if (!level) return null
        return (
          <Explained text={t('definition_of', { code, text: t(`common:service_level_variant.${level.variant}`), secs: thresholdText(level) })}>
            <span className={cx(level.code === line.service_level.code && 'font-semibold')}>{percentText(level.numerator, level.denominator, i18n.language)}</span>
          </Explained>
        )
      },
    })),
    figure('in_time', 'answered_in_time', t('field.in_time'), (line) => line.answered_in_time),
    figure('within', 'answered_within_180_s', t('field.within_180_s'), (line) => line.answered_within_180_s, '104px'),
    {
      id: 'within_percent',
      title: '95 %',
      width: '72px',
      isNumber: true,
      cell: (line) => (
        <Explained text={t('help.within_180_s')}>
          <span className={cx(line.is_within_180_s_met === false && 'font-semibold text-bad-ink')}>{percent(line.within_180_s, i18n.language)}</span>
        </Explained>
      ),
    },
  ]
}

/** Who left without an answer, and why. */
export function useExitColumns(): ReadonlyArray<Column<QueueInterval>> {
  const { t, i18n } = useTexts('reports')
  const [begins, queue] = useFirstColumns()
  const figure = useFigureColumn()
  return [
    begins,
    queue,
    figure('offered', 'offered', t('field.offered'), (line) => line.offered),
    figure('abandoned', 'abandoned', t('field.abandoned'), (line) => line.abandoned),
    figure('abandoned_short', 'abandoned_short', t('field.abandoned_short'), (line) => line.abandoned_short),
    {
      id: 'abandon_rate',
      title: '%',
      width: '56px',
      isNumber: true,
      cell: (line) => <Explained text={t('help.abandon_rate')}>{percent(line.averages.abandon_rate, i18n.language)}</Explained>,
    },
    { id: 'ata', title: t('field.ata'), width: '72px', isNumber: true, cell: (line) => <Behind line={line} figure="abandoned" testId="figure-ata" title={t('field.ata')} help={t('help.ata')} text={lengthText(line.averages.ata_ms)} /> },
    figure('flowed_out', 'flowed_out', t('field.flowed_out'), (line) => line.flowed_out),
    ...CAUSES.map((cause) => figure(cause, `flowed_out_${cause}`, t(`cause.${cause}`), (line) => line.flow_outs[cause])),
  ]
}

/** What became of the answered whose handling ended: who was passed on or put on hold, whose talk was short, and where the time went. */
export function useHandlingColumns(): ReadonlyArray<Column<QueueInterval>> {
  const { t, i18n } = useTexts('reports')
  const [begins, queue] = useFirstColumns()
  const figure = useFigureColumn()
  const share = (id: 'transferred' | 'held' | 'short_calls', of: (line: QueueInterval) => Ratio): Column<QueueInterval> => ({
    id: `${id}_percent`,
    title: '%',
    width: '56px',
    isNumber: true,
    cell: (line) => <Explained text={t(`help.${id}`)}>{percent(of(line), i18n.language)}</Explained>,
  })
  const length = (id: HandlingTime, of: (line: QueueInterval) => number | null | undefined, width = '72px'): Column<QueueInterval> => ({
    id,
    title: t(`field.${id}`),
    width,
    isNumber: true,
    cell: (line) => <Handled line={line} id={id} ms={of(line)} />,
  })
  return [
    begins,
    queue,
    figure('handled', 'handled', t('field.handled'), (line) => line.handled),
    figure('transferred', 'transferred', t('field.transferred'), (line) => line.transferred, '88px'),
    share('transferred', (line) => line.averages.transfer_rate),
    figure('held', 'held', t('field.held'), (line) => line.held),
    share('held', (line) => line.averages.hold_rate),
    figure('short_calls', 'short_calls', t('field.short_calls'), (line) => line.short_calls),
    share('short_calls', (line) => line.averages.short_call_rate),
    figure('missed', 'missed', t('field.missed'), (line) => line.missed),
    {
      id: 'rona',
      title: 'RONA',
      width: '64px',
      isNumber: true,
      cell: (line) => <Explained text={t('help.missed', { missed: line.missed_rings, rings: line.rings })}>{percent(line.rona_rate, i18n.language)}</Explained>,
    },
    length('talk', (line) => line.averages.talk_ms, '96px'),
    length('hold', (line) => line.averages.hold_ms),
    length('wrapping_up', (line) => line.averages.wrap_ms),
    length('aht', (line) => line.averages.aht_ms),
  ]
}

/** How the waits that were forecast at entry compare with those that followed. */
export function useForecastColumns(): ReadonlyArray<Column<QueueInterval>> {
  const { t, i18n } = useTexts('reports')
  const [begins, queue] = useFirstColumns()
  const figure = useFigureColumn()
  const cell = (id: string, help: 'mape' | 'bias' | 'within_p50' | 'within_p90', text: (line: QueueInterval) => string): Column<QueueInterval> => ({
    id,
    title: t(`field.${help}`),
    width: 'minmax(96px, 1fr)',
    isNumber: true,
    cell: (line) => <Explained text={t(`help.${help}`)}>{text(line)}</Explained>,
  })
  return [
    begins,
    queue,
    figure('answered', 'answered', t('field.answered'), (line) => line.answered),
    { id: 'forecasts', title: t('field.forecasts'), width: 'minmax(96px, 1fr)', isNumber: true, cell: (line) => numberText(line.forecast.forecasts, i18n.language) },
    { id: 'asa', title: t('field.asa'), width: '64px', isNumber: true, cell: (line) => lengthText(line.averages.asa_ms) },
    cell('mape', 'mape', ({ forecast_error: { mape_basis_points: points } }) => (points == null ? '–' : percentText(points, 10_000, i18n.language))),
    cell('bias', 'bias', ({ forecast_error: { bias_ms: bias } }) => (bias == null ? '–' : `${bias < 0 ? '−' : '+'}${clockText(Math.abs(bias))}`)),
    cell('within_p50', 'within_p50', (line) => percent(line.forecast_error.within_p50, i18n.language)),
    cell('within_p90', 'within_p90', (line) => percent(line.forecast_error.within_p90, i18n.language)),
  ]
}

export function useBalanceColumns(): ReadonlyArray<Column<QueueInterval>> {
  const { t } = useTexts('reports')
  const [begins, queue] = useFirstColumns()
  const figure = useFigureColumn()
  return [
    begins,
    queue,
    figure('waiting_at_start', 'waiting_at_start', t('field.waiting_at_start'), (line) => line.balance.waiting_at_start, '136px'),
    figure('offered', 'offered', t('field.offered'), (line) => line.balance.offered),
    figure('answered', 'ended_answered', t('field.answered'), (line) => line.balance.answered),
    figure('abandoned', 'ended_abandoned', t('field.abandoned'), (line) => line.balance.abandoned),
    figure('flowed_out', 'ended_flowed_out', t('field.flowed_out'), (line) => line.balance.flowed_out),
    figure('waiting_at_end', 'waiting_at_end', t('field.waiting_at_end'), (line) => line.balance.waiting_at_end, '152px'),
    { id: 'adds_up', title: t('field.difference'), width: '112px', cell: (line) => <AddsUp isReconciled={line.balance.is_reconciled} off={t('off_by', { difference: line.balance.difference })} /> },
  ]
}

export function useCallbackColumns(): ReadonlyArray<Column<CallbackInterval>> {
  const { t, i18n } = useTexts('reports')
  const names = useNames()
  const begins = useBegins()
  const count = (id: CallbackCount, of: (line: CallbackInterval) => number): Column<CallbackInterval> => ({
    id,
    title: t(`field.${id}`),
    width: 'minmax(72px, 0.8fr)',
    isNumber: true,
    cell: (line) => <PromisesBehind line={line} figure={id === 'promises_open' ? 'open' : id} title={t(`field.${id}`)} text={numberText(of(line), i18n.language)} isNone={of(line) === 0} />,
  })
  const wait = (id: 'wait_to_answer' | 'wait_on_line', of: (line: CallbackInterval) => number | null | undefined): Column<CallbackInterval> => ({
    id,
    title: t(`field.${id}`),
    width: '96px',
    isNumber: true,
    cell: (line) => <PromisesBehind line={line} figure={id === 'wait_to_answer' ? 'reached' : 'from_line'} title={t(`field.${id}`)} help={t(`help.${id}`)} text={lengthText(of(line))} isNone={of(line) == null} testId={`behind-${id}`} />,
  })
  return [
    { id: 'begins', title: t('field.begins'), width: '136px', cell: begins },
    { id: 'queue', title: t('field.queue'), width: 'minmax(96px, 1.2fr)', cell: (line) => names.queue(line.queue) },
    count('requested', (line) => line.requested),
    count('promises_open', (line) => line.open),
    count('reached', (line) => line.reached),
    count('kept', (line) => line.kept),
    { id: 'kept_percent', title: '%', width: '56px', isNumber: true, cell: (line) => <Explained text={t('help.kept')}>{percent(line.kept_rate, i18n.language)}</Explained> },
    count('failed', (line) => line.failed),
    count('expired', (line) => line.expired),
    count('merged', (line) => line.merged),
    count('cancelled', (line) => line.cancelled),
    count('attempts', (line) => line.attempts),
    count('retries', (line) => line.retries),
    wait('wait_to_answer', (line) => line.mean_wait_to_answer_ms),
    wait('wait_on_line', (line) => line.mean_wait_on_line_ms),
  ]
}

/** What was not split has a column only where there is such time. */
export function useAgentColumns(lines: readonly AgentInterval[]): ReadonlyArray<Column<AgentInterval>> {
  const { t, i18n } = useTexts('reports')
  const names = useNames()
  const begins = useBegins()
  const length = (id: string, title: string, part: (line: AgentInterval) => number, help?: string): Column<AgentInterval> => ({ id, title, width: 'minmax(64px, 0.8fr)', isNumber: true, cell: (line) => (help ? <Explained text={help}>{lengthText(part(line))}</Explained> : lengthText(part(line))) })
  const handled = (id: 'handled' | 'aht', help: string, text: (line: AgentInterval) => string): Column<AgentInterval> => ({ id, title: t(`field.${id}`), width: '80px', isNumber: true, cell: (line) => <Behind line={line} figure="handled_by" title={t(`field.${id}`)} help={help} text={text(line)} isNone={line.handled === 0} testId={`agent-${id}`} /> })
  return [
    { id: 'begins', title: t('field.begins'), width: '136px', cell: begins },
    { id: 'agent', title: t('field.agent'), width: 'minmax(96px, 1.2fr)', cell: (line) => names.agent(line.agent) },
    { id: 'answered', title: t('field.answered'), width: '72px', isNumber: true, cell: (line) => <Behind line={line} figure="taken" title={t('field.answered')} text={numberText(line.answered, i18n.language)} isNone={line.answered === 0} /> },
    handled('handled', t('help.handled_by'), (line) => numberText(line.handled, i18n.language)),
    handled('aht', t('help.aht_by'), (line) => lengthText(line.aht_ms)),
    { id: 'transfers_made', title: t('field.transfers_made'), width: '80px', isNumber: true, cell: (line) => <Behind line={line} figure="transfers_made" title={t('field.transfers_made')} help={t('help.transfers_made')} text={numberText(line.transfers_made, i18n.language)} isNone={line.transfers_made === 0} /> },
    length('signed_in', t('field.signed_in'), (line) => line.signed_in_ms),
    length('ready', t('field.ready'), (line) => line.ready_ms),
    length('rang', t('field.rang'), (line) => line.offered_ms),
    length('busy', t('field.busy'), (line) => line.busy_ms, t('help.busy')),
    length('talk', t('field.talk'), (line) => line.talk_ms, t('help.agent_talk')),
    length('hold', t('field.hold'), (line) => line.hold_ms, t('help.agent_hold')),
    length('consult', t('field.consult'), (line) => line.consult_ms, t('help.consult')),
    length('dial', t('field.dial'), (line) => line.dial_ms, t('help.dial')),
    ...(lines.some((line) => line.busy_unsplit_ms > 0) ? [length('busy_unsplit', t('field.busy_unsplit'), (line) => line.busy_unsplit_ms, t('help.busy_unsplit'))] : []),
    length('wrapping_up', t('field.wrapping_up'), (line) => line.wrapping_up_ms),
    {
      id: 'paused',
      title: t('field.paused'),
      width: 'minmax(64px, 0.8fr)',
      isNumber: true,
      cell: (line) => <Explained text={Object.entries(line.paused_ms_by_reason).map(([reason, ms]) => `${reason} ${clockText(ms)}`).join(', ')}>{lengthText(line.paused_ms)}</Explained>,
    },
    {
      id: 'missed',
      title: t('field.missed'),
      width: '72px',
      isNumber: true,
      cell: (line) => <Behind line={line} figure="missed" title={t('field.missed')} help={t('help.missed', { missed: line.missed, rings: line.rings })} text={percent(line.rona_rate, i18n.language)} isNone={line.missed === 0} />,
    },
    { id: 'occupancy', title: t('field.occupancy'), width: '80px', isNumber: true, cell: (line) => <Explained text={t('help.occupancy')}>{percent(line.occupancy, i18n.language)}</Explained> },
    { id: 'utilisation', title: t('field.utilisation'), width: '80px', isNumber: true, cell: (line) => <Explained text={t('help.utilisation')}>{percent(line.utilisation, i18n.language)}</Explained> },
    { id: 'adds_up', title: t('field.difference'), width: '88px', cell: (line) => <AddsUp isReconciled={line.is_reconciled} off={t('off_by_time', { time: clockText(Math.abs(line.difference_ms)) })} /> },
  ]
}

function useFirstColumns(): [Column<QueueInterval>, Column<QueueInterval>] {
  const { t } = useTexts('reports')
  const names = useNames()
  const begins = useBegins()
  return [
    { id: 'begins', title: t('field.begins'), width: '136px', cell: begins },
    { id: 'queue', title: t('field.queue'), width: 'minmax(96px, 1.2fr)', cell: (line) => names.queue(line.queue) },
  ]
}

/** When an interval begins: a day by its date, a shorter one with the time. */
function useBegins(): (line: { begins_at: string; ends_at: string }) => ReactNode {
  const { i18n } = useTexts('reports')
  return (line) => {
    const isDay = Date.parse(line.ends_at) - Date.parse(line.begins_at) >= DAY_HOURS_MIN * 3_600_000
    return <time dateTime={line.begins_at}>{isDay ? dateText(line.begins_at, i18n.language) : dateTimeText(line.begins_at, i18n.language)}</time>
  }
}

/** A count that leads to its contacts. */
function useFigureColumn(): (id: string, figure: Figure, title: string, count: (line: QueueInterval) => number, width?: string) => Column<QueueInterval> {
  const { i18n } = useTexts('reports')
  return (id, figure, title, count, width = 'minmax(72px, 0.8fr)') => ({
    id,
    title,
    width,
    isNumber: true,
    cell: (line) => <Behind line={line} figure={figure} title={title} text={numberText(count(line), i18n.language)} isNone={count(line) === 0} />,
  })
}

interface BehindProps {
  line: { begins_at: string; ends_at: string; queue?: string; agent?: string }
  figure: Figure
  title: string
  text: string
  help?: string
  isNone?: boolean
  testId?: string
}

/** A figure that leads to the contacts that it is made of, if there are any. */
export function Behind({ line, figure, title, text, help, isNone = text === '–', testId = `figure-${figure}` }: BehindProps) {
  if (isNone) return <span className="text-ink-3" {...(help ? { title: help } : {})}>{text}</span>
  return (
    <Link
      to="/reports/contacts"
      search={{ ...(line.queue ? { queue: line.queue } : {}), ...(line.agent ? { agent: line.agent } : {}), from: line.begins_at, to: line.ends_at, outcome: figure }}
      aria-label={`${title}: ${text}`}
      title={help}
      className="text-accent-ink underline-offset-2 hover:underline"
      data-testid={testId}
    >
      {text}
    </Link>
  )
}

interface PromisesBehindProps {
  line: CallbackInterval
  figure: CallbackFigure
  title: string
  text: string
  help?: string
  isNone: boolean
  testId?: string
}

/** A figure of callbacks that leads to them. */
function PromisesBehind({ line, figure, title, text, help, isNone, testId = `figure-${figure}` }: PromisesBehindProps) {
  if (isNone) return <span className="text-ink-3">{text}</span>
  return (
    <Link to="/reports/promised" search={{ queue: line.queue, from: line.begins_at, to: line.ends_at, figure }} aria-label={`${title}: ${text}`} title={help} className="text-accent-ink underline-offset-2 hover:underline" data-testid={testId}>
      {text}
    </Link>
  )
}

type HandlingTime = 'talk' | 'hold' | 'wrapping_up' | 'aht'

/** A part of the handling time, of the contacts whose handling ended in the interval. */
function Handled({ line, id, ms }: { line: QueueInterval; id: HandlingTime; ms: number | null | undefined }) {
  const { t } = useTexts('reports')
  const help = isSettled(line) ? t(`help.${id}`) : `${t('still_running')}. ${t(`help.${id}`)}`
  return <Behind line={line} figure="handled" title={t(`field.${id}`)} help={help} text={isSettled(line) ? lengthText(ms) : '…'} isNone={line.handled === 0} testId={`behind-${id}`} />
}

/** By the definition that held, and by the present one where it is another. */
function Levels({ line }: { line: QueueInterval }) {
  const { t } = useTexts('reports')
  return (
    <>
      <Level level={line.service_level} />
      {line.service_level_now && (
        <span className="ml-2 text-ink-2" data-testid="level-now">
          {t('now')} <Level level={line.service_level_now} />
        </span>
      )}
    </>
  )
}

/** The figure with the definition that it was computed by. */
function Level({ level }: { level: QueueInterval['service_level'] }) {
  const { t, i18n } = useTexts('reports')
  const secs = thresholdText(level)
  return (
    <Explained text={t('definition_of', { code: level.code, text: t(`common:service_level_variant.${level.variant}`), secs })}>
      <span className="font-semibold tabular-nums">{percentText(level.numerator, level.denominator, i18n.language)}</span> <span className="text-xs text-ink-3">{t('definition', { code: level.code, secs })}</span>
    </Explained>
  )
}

function AddsUp({ isReconciled, off }: { isReconciled: boolean; off: string }) {
  const { t } = useTexts('reports')
  return isReconciled ? <span className="text-ink-3">{t('adds_up')}</span> : <span className="font-semibold text-bad-ink">▲ {off}</span>
}

function Explained({ text, children }: { text: string; children: ReactNode }) {
  return <span title={text === '' ? undefined : text}>{children}</span>
}

function lengthText(ms: number | null | undefined): string {
  return ms == null ? '–' : clockText(ms)
}

function waitsText(waits: QueueInterval['waits']): { p50: string; p90: string; p99: string } {
  return { p50: lengthText(waits.p50_ms), p90: lengthText(waits.p90_ms), p99: lengthText(waits.p99_ms) }
}

function percent(ratio: Ratio, language: string): string {
  return percentText(ratio.numerator, ratio.denominator, language)
}
