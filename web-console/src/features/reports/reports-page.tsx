// Queues and agents per interval. Every figure is a link to the contacts behind it; every filter stands in the address, and the same
// filters make the file.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChartNoAxesColumn, Download } from 'lucide-react'
import type { ReactNode } from 'react'
import { api, withQuery } from '@/api/client'
import type { Page as ListPage } from '@/api/types'
import { numberText, percentText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { dayOf } from '@/lib/days'
import { LoadProblem } from '@/lib/load-problem'
import { useNow } from '@/lib/use-live'
import { useNames } from '@/lib/use-names'
import { Button, ButtonLink, cx, DateField, EmptyState, Page, Segments, Select, SkeletonLines, Table } from '@/ui'
import { offCount, totalOf, type AgentInterval, type CallbackInterval, type QueueInterval } from './figures'
import { Behind, useAgentColumns, useBalanceColumns, useCallbackColumns, useExitColumns, useForecastColumns, useHandlingColumns, useLevelColumns, useQueueColumns } from './columns'
import { daysOf, INTERVALS, reportQuery, VIEWS, type Figure, type IntervalChoice, type ReportSearch, type View } from './search'

export function ReportsPage() {
  const { t } = useTexts('reports')
  const search = useSearch({ from: '/shell/reports' })
  const navigate = useNavigate({ from: '/reports' })
  const names = useNames()
  const today = dayOf(new Date(useNow()))
  const days = daysOf(search, today)
  const view = search.view ?? 'queues'
  const isOfAgents = view === 'agents'
  const query = reportQuery(search, today)
  const kind = isOfAgents ? 'agents' : view === 'callbacks' ? 'callbacks' : 'queues'
  const path = `/reports/${kind}`
  const narrow = (more: Partial<ReportSearch>) => void navigate({ search: (old) => withoutUndefined({ ...old, ...more }), replace: true })
  const choices = isOfAgents ? names.agents : names.queues
  return (
    <Page
      isFlush
      title={t('title')}
      actions={
        <>
          <Segments label={t('view_label')} segments={VIEWS.map((value) => ({ value, text: t(`view.${value}`) }))} value={view} onChange={(value) => narrow({ view: value === 'queues' ? undefined : value })} testId="reports-view" />
          <ButtonLink href={withQuery(`/api/v1${path}.csv`, query)} download={`${kind}.csv`} icon={Download} data-testid="reports-csv">
            {t('common:export_csv')}
          </ButtonLink>
        </>
      }
    >
      <div className="flex h-full min-h-0 flex-col">
        <div role="search" className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
          <DateField label={t('from')} isLabelHidden value={days.from} onChange={(from) => narrow({ from: from === '' ? undefined : from })} className="w-36" data-testid="reports-from" />
          <span aria-hidden className="-mx-1 text-ink-3">
            –
          </span>
          <DateField label={t('to')} isLabelHidden value={days.to} onChange={(to) => narrow({ to: to === '' ? undefined : to })} className="w-36" data-testid="reports-to" />
          <Button size="sm" tone="plain" onPress={() => narrow({ from: today, to: today })}>
            {t('today')}
          </Button>
          <Select label={t('interval_label')} isLabelHidden choices={INTERVALS.map((id) => ({ id, label: t(`interval.${id}`) }))} value={search.interval ?? 'day'} onChange={(id) => narrow({ interval: INTERVALS.find((one): one is IntervalChoice => one === id) })} className="w-40" data-testid="reports-interval" />
          <Select
            label={t(isOfAgents ? 'field.agent' : 'field.queue')}
            isLabelHidden
            choices={[{ id: 'any', label: t(isOfAgents ? 'any_agent' : 'any_queue') }, ...choices.map((one) => ({ id: one.id, label: one.name }))]}
            value={(isOfAgents ? search.agent : search.queue) ?? 'any'}
            onChange={(id) => narrow({ [isOfAgents ? 'agent' : 'queue']: id === 'any' ? undefined : id })}
            className="w-40"
          />
        </div>
        <div className="min-h-0 flex-1 overflow-auto">{view === 'agents' ? <Agents path={path} query={query} /> : view === 'callbacks' ? <Callbacks path={path} query={query} /> : <Queues view={view} path={path} query={query} />}</div>
      </div>
    </Page>
  )
}

interface ReportProps {
  path: string
  query: ReturnType<typeof reportQuery>
}

/** The lines of a report. While one of its intervals runs it is asked for again every half minute; what is past stays as it is. */
function useReport<T>({ path, query }: ReportProps) {
  return useQuery({
    queryKey: ['reports', path, query],
    queryFn: ({ signal }) => api.get<ListPage<T>>(path, query, signal).then((page) => page.items),
    refetchInterval: () => (Date.parse(String(query.to)) > Date.now() ? 30_000 : false),
    placeholderData: (old) => old,
  })
}

function Queues({ view, ...props }: ReportProps & { view: Exclude<View, 'agents' | 'callbacks'> }) {
  const { t } = useTexts('reports')
  const report = useReport<QueueInterval>(props)
  const columns = { queues: useQueueColumns(), levels: useLevelColumns(), exits: useExitColumns(), handling: useHandlingColumns(), forecasts: useForecastColumns(), balance: useBalanceColumns() }[view]
  const lines = report.data ?? []
  return (
    <>
      <Problems report={report} />
      {lines.length > 0 && (
        <div aria-busy={report.isPlaceholderData} className={report.isPlaceholderData ? 'opacity-60' : ''}>
          <Summary lines={lines} query={props.query} />
          {view === 'levels' && <p className="border-b border-line px-4 py-2 text-xs text-ink-3">{t('levels_rule')}</p>}
          {view === 'handling' && <p className="border-b border-line px-4 py-2 text-xs text-ink-3">{t('handling_rule')}</p>}
          {view === 'forecasts' && <p className="border-b border-line px-4 py-2 text-xs text-ink-3">{t('forecast_rule')}</p>}
          {view === 'balance' && <p className="border-b border-line px-4 py-2 text-xs text-ink-3">{t('balance_rule')}</p>}
          <Table label={t(`view.${view}`)} columns={columns} rows={lines} rowKey={(line) => `${line.queue} ${line.begins_at}`} rowTestId={(line) => `report-${line.queue}`} />
        </div>
      )}
    </>
  )
}

function Callbacks(props: ReportProps) {
  const { t } = useTexts('reports')
  const report = useReport<CallbackInterval>(props)
  const columns = useCallbackColumns()
  const lines = report.data ?? []
  return (
    <>
      <Problems report={report} />
      {lines.length > 0 && (
        <div aria-busy={report.isPlaceholderData} className={report.isPlaceholderData ? 'opacity-60' : ''}>
          <p className="border-b border-line px-4 py-2 text-xs text-ink-3">{t('callbacks_rule')}</p>
          <Table label={t('view.callbacks')} columns={columns} rows={lines} rowKey={(line) => `${line.queue} ${line.begins_at}`} rowTestId={(line) => `report-${line.queue}`} />
        </div>
      )}
    </>
  )
}

function Agents(props: ReportProps) {
  const { t } = useTexts('reports')
  const report = useReport<AgentInterval>(props)
  const lines = report.data ?? []
  const columns = useAgentColumns(lines)
  return (
    <>
      <Problems report={report} />
      {lines.length > 0 && (
        <div aria-busy={report.isPlaceholderData} className={report.isPlaceholderData ? 'opacity-60' : ''}>
          <p className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-2 text-xs text-ink-3">
            {t('agents_rule')}
            <Adding isReconciled={lines} />
          </p>
          <Table isWide label={t('view.agents')} columns={columns} rows={lines} rowKey={(line) => `${line.agent} ${line.begins_at}`} rowTestId={(line) => `report-${line.agent}`} />
        </div>
      )}
    </>
  )
}

function Problems({ report }: { report: { isPending: boolean; isError: boolean; isSuccess: boolean; error: unknown; data?: readonly unknown[] | undefined; refetch: () => Promise<unknown> } }) {
  const { t } = useTexts('reports')
  if (report.isPending) return <SkeletonLines count={8} label={t('common:loading')} />
  if (report.isError) return <LoadProblem problem={report.error} onRetry={() => void report.refetch()} />
  if (report.data?.length !== 0) return null
  return (
    <EmptyState icon={ChartNoAxesColumn} title={t('empty.title')}>
      {t('empty.text')}
    </EmptyState>
  )
}

/** All lines together: counts, the service level where they share its definition, and whether every balance is even. */
function Summary({ lines, query }: { lines: readonly QueueInterval[]; query: ReportProps['query'] }) {
  const { t, i18n } = useTexts('reports')
  const total = totalOf(lines)
  const whole = { begins_at: String(query.from), ends_at: String(query.to), ...(query.queue === undefined ? {} : { queue: String(query.queue) }) }
  const behind = (figure: Figure, title: string, text: string) => <Behind line={whole} figure={figure} title={title} text={text} isNone={total.offered === 0} testId={`total-${figure}`} />
  const counts = [
    { key: 'offered', text: numberText(total.offered, i18n.language) },
    { key: 'answered', text: numberText(total.answered, i18n.language) },
    { key: 'abandoned', text: numberText(total.abandoned, i18n.language) },
    { key: 'flowed_out', text: numberText(total.flowed_out, i18n.language) },
  ] as const
  return (
    <dl className="flex flex-wrap items-center gap-x-6 gap-y-1 border-b border-line px-4 py-2" data-testid="reports-total">
      <dt className="text-xs font-semibold text-ink-2">{t('total')}</dt>
      {counts.map(({ key, text }) => (
        <Fact key={key} name={t(`field.${key}`)} value={behind(key, t(`field.${key}`), text)} />
      ))}
      {total.level && (
        <Fact name={`${t('field.level')} (${t('definition', { code: total.level.code, secs: total.level.threshold_ms / 1000 })})`} value={behind('answered_in_time', t('field.level'), percentText(total.level.numerator, total.level.denominator, i18n.language))} />
      )}
      <Fact name={t('field.within_180_s')} value={behind('answered_within_180_s', t('field.within_180_s'), percentText(total.within_180_s.numerator, total.within_180_s.denominator, i18n.language))} />
      <dd>
        <Adding isReconciled={lines.map((line) => line.balance)} />
      </dd>
    </dl>
  )
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <div className="flex items-baseline gap-1.5">
      <dt className="text-xs text-ink-3">{name}</dt>
      <dd className="font-semibold tabular-nums">{value}</dd>
    </div>
  )
}

function Adding({ isReconciled }: { isReconciled: ReadonlyArray<{ is_reconciled: boolean }> }) {
  const { t } = useTexts('reports')
  const off = offCount(isReconciled)
  return (
    <span data-testid="reports-reconciled" data-off={off} className={cx('text-xs', off > 0 && 'font-semibold text-bad-ink')}>
      {off > 0 ? `▲ ${t('some_off', { count: off })}` : t('all_add_up', { count: isReconciled.length })}
    </span>
  )
}

/** The router wants what is not there to be absent. */
function withoutUndefined(search: { [K in keyof ReportSearch]?: ReportSearch[K] | undefined }): ReportSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as ReportSearch
}
