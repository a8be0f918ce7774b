// The history of calls, newest first. Every filter stands in the address; the same filters make the file.
import { Link, useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { Download, PhoneCall, PhoneIncoming, PhoneOutgoing } from 'lucide-react'
import { useEffect, useState } from 'react'
import { withQuery } from '@/api/client'
import type { CallLine } from '@/api/records'
import { isSupervisor } from '@/api/session'
import { clockText, phoneText, pointText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { dayOf } from '@/lib/days'
import { LoadProblem } from '@/lib/load-problem'
import { ListTitle, MoreRows } from '@/lib/more-rows'
import { useNow } from '@/lib/use-live'
import { useNames } from '@/lib/use-names'
import { usePages } from '@/lib/use-pages'
import { useSettled } from '@/lib/use-settled'
import { Button, ButtonLink, DateField, EmptyState, Page, SearchField, Select, SkeletonLines, Table, type Column } from '@/ui'
import { AnswerMark } from './answer-badge'
import { OutcomeBadge } from './outcome'
import { useLineParty } from './party'
import { ANSWERS, callQuery, DIRECTIONS, OUTCOMES, type CallSearch } from './search'

export function CallsPage() {
  const { t, i18n } = useTexts('calls')
  const { session } = useRouteContext({ from: '/shell' })
  const search = useSearch({ from: '/shell/calls' })
  const navigate = useNavigate({ from: '/calls' })
  const names = useNames()
  const now = useNow()
  const query = callQuery(search)
  const list = usePages<CallLine>(['calls', 'list', search], '/calls', { ...query, limit: 50 })
  const [text, setText] = useState(search.q ?? '')
  const q = useSettled(text.trim(), 250)
  const seesAll = isSupervisor(session.role)

  const narrow = (more: Partial<Record<keyof CallSearch, string | undefined>>) => void navigate({ search: (old) => ({ ...old, ...more }) as CallSearch, replace: true })
  useEffect(() => {
    if (q !== (search.q ?? '')) void navigate({ search: (old) => ({ ...old, q: q === '' ? undefined : q }), replace: true })
  }, [q, search.q, navigate])

  const columns: ReadonlyArray<Column<CallLine>> = [
    {
      id: 'direction',
      title: t('field.direction'),
      isTitleHidden: true,
      width: '20px',
      cell: (call) => {
        const Icon = call.direction === 'outbound' ? PhoneOutgoing : PhoneIncoming
        return <Icon size={15} aria-label={t(`common:direction.${call.direction}`)} className="text-ink-3" />
      },
    },
    {
      id: 'started',
      title: t('field.started'),
      width: '104px',
      cell: (call) => (
        <Link to="/calls/$id" params={{ id: call.id }} className="hover:underline" tabIndex={-1}>
          <time dateTime={call.started_at}>{pointText(call.started_at, now, i18n.language)}</time>
        </Link>
      ),
    },
    { id: 'party', title: t('field.party'), width: 'minmax(130px, 1.6fr)', cell: (call) => <Party call={call} /> },
    { id: 'number', title: t('field.number'), width: '128px', cell: (call) => <span className="tabular-nums">{call.customer_number ? phoneText(call.customer_number) : ''}</span> },
    { id: 'ours', title: t('field.ours'), width: '72px', cell: (call) => call.our_number },
    { id: 'queue', title: t('field.queue'), width: 'minmax(76px, 0.8fr)', cell: (call) => names.queue(call.queue) },
    { id: 'agent', title: t('field.agent'), width: 'minmax(92px, 1fr)', cell: (call) => names.agent(call.agent) },
    {
      id: 'outcome',
      title: t('field.outcome'),
      width: '160px',
      cell: (call) => (
        <span className="flex min-w-0 items-center gap-1.5">
          <OutcomeBadge outcome={call.outcome} />
          {call.answer && <AnswerMark answer={call.answer} />}
        </span>
      ),
    },
    { id: 'disposition', title: t('field.disposition'), width: 'minmax(84px, 1.2fr)', cell: (call) => names.disposition(call.disposition).split(' › ').at(-1) },
    { id: 'wait', title: t('field.wait'), width: '52px', isNumber: true, cell: (call) => (call.wait_ms > 0 ? clockText(call.wait_ms) : <None />) },
    { id: 'talk', title: t('field.talk'), width: '56px', isNumber: true, cell: (call) => (call.talk_ms > 0 ? clockText(call.talk_ms) : <None />) },
  ]
  const isNarrowed = Object.keys(search).length > 0
  const clear = () => {
    setText('')
    void navigate({ search: {}, replace: true })
  }
  return (
    <Page
      isFlush
      title={<ListTitle title={t('title')} list={list} />}
      actions={
        <>
          {!seesAll && <p className="text-xs text-ink-3">{t('own_only')}</p>}
          {isNarrowed && (
            <Button tone="plain" onPress={clear}>
              {t('clear')}
            </Button>
          )}
          <ButtonLink href={withQuery('/api/v1/calls.csv', query)} download="calls.csv" icon={Download} data-testid="calls-csv">
            {t('common:export_csv')}
          </ButtonLink>
        </>
      }
    >
      <div className="flex h-full min-h-0 flex-col">
        <div role="search" className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
          <SearchField label={t('search')} value={text} onChange={setText} clearLabel={t('common:clear')} className="w-44" data-testid="call-search" />
          <DateField label={t('from')} isLabelHidden value={search.from ?? ''} onChange={(from) => narrow({ from: from === '' ? undefined : from })} className="w-36" data-testid="calls-from" />
          <span aria-hidden className="-mx-1 text-ink-3">
            –
          </span>
          <DateField label={t('to')} isLabelHidden value={search.to ?? ''} onChange={(to) => narrow({ to: to === '' ? undefined : to })} className="w-36" data-testid="calls-to" />
          <Button size="sm" tone="plain" onPress={() => narrow({ from: dayOf(new Date()), to: dayOf(new Date()) })}>
            {t('today')}
          </Button>
          <Filter label={t('field.queue')} any={t('any_queue')} value={search.queue} choices={names.queues.map((queue) => ({ id: queue.id, label: queue.name }))} onChange={(queue) => narrow({ queue })} />
          {seesAll && <Filter label={t('field.agent')} any={t('any_agent')} value={search.agent} choices={names.agents.map((agent) => ({ id: agent.id, label: agent.name }))} onChange={(agent) => narrow({ agent })} />}
          <Filter label={t('field.outcome')} any={t('any_outcome')} value={search.outcome} choices={OUTCOMES.map((id) => ({ id, label: t(`outcome.${id}`) }))} onChange={(outcome) => narrow({ outcome })} />
          <Filter label={t('field.direction')} any={t('any_direction')} value={search.direction} choices={DIRECTIONS.map((id) => ({ id, label: t(`common:direction.${id}`) }))} onChange={(direction) => narrow({ direction })} />
          <Filter label={t('field.answer')} any={t('any_answer')} value={search.answer} choices={ANSWERS.map((id) => ({ id, label: t(`answer.${id}`) }))} onChange={(answer) => narrow({ answer })} />
        </div>
        <div className="min-h-0 flex-1 overflow-auto">
          {list.isPending && <SkeletonLines count={10} label={t('common:loading')} />}
          {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
          {list.isSuccess && list.items.length === 0 && (
            <EmptyState icon={PhoneCall} title={isNarrowed ? t('empty.filtered_title') : t('empty.title')} action={isNarrowed && <Button onPress={clear}>{t('clear')}</Button>}>
              {isNarrowed ? t('empty.filtered') : t('empty.text')}
            </EmptyState>
          )}
          {list.items.length > 0 && (
            <Table label={t('title')} columns={columns} rows={list.items} rowKey={(call) => call.id} onOpen={(call) => void navigate({ to: '/calls/$id', params: { id: call.id } })} rowTestId={(call) => `call-${call.id}`} />
          )}
          <MoreRows list={list} />
        </div>
      </div>
    </Page>
  )
}

function None() {
  return <span className="text-ink-3">–</span>
}

/** The number has a column of its own, so that nobody's name is not said by it again. */
function Party({ call }: { call: CallLine }) {
  const { t } = useTexts('calls')
  const partyOf = useLineParty()
  const isNamed = call.customer_name != null || call.customer_label != null
  return isNamed ? <span className="font-medium">{partyOf(call)}</span> : <span className="text-ink-3">{t(call.customer_number ? 'unknown' : 'common:caller.withheld')}</span>
}

function Filter({ label, any, value, choices, onChange }: { label: string; any: string; value: string | undefined; choices: ReadonlyArray<{ id: string; label: string }>; onChange: (id: string | undefined) => void }) {
  return <Select label={label} isLabelHidden choices={[{ id: 'any', label: any }, ...choices]} value={value ?? 'any'} onChange={(id) => onChange(id === 'any' ? undefined : id)} className="w-34" />
}
