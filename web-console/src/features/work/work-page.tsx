// What is to be done beside calls: messages of callers in line, at agents and done, and what may be done with each.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { EllipsisVertical, Voicemail } from 'lucide-react'
import { useEffect, useState } from 'react'
import { api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import { dispositionsQuery, inLanguage, queuesQuery } from '@/api/queries'
import type { WorkItem, WorkItemView } from '@/api/records'
import { isSupervisor } from '@/api/session'
import { clockText, phoneText, pointText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { ListTitle, MoreRows } from '@/lib/more-rows'
import { useNow } from '@/lib/use-live'
import { useNames } from '@/lib/use-names'
import { usePages } from '@/lib/use-pages'
import { live } from '@/live/console'
import { Badge, Button, EmptyState, IconButton, Menu, Page, Select, showToast, SkeletonLines, Table, type BadgeTone, type Column } from '@/ui'
import { STATES, type WorkSearch } from './search'

type State = WorkItem['state']['is']
type Move = 'accept' | 'decline' | 'done' | 'give-back' | 'close'

const TONES: Record<State, BadgeTone> = { waiting: 'neutral', offered: 'good', accepted: 'accent', done: 'good', closed: 'neutral' }
/** Places in line change without a fact. */
const REFRESH_MS = 5_000

export function WorkPage() {
  const { t, i18n } = useTexts('work')
  const { session } = useRouteContext({ from: '/shell' })
  const search = useSearch({ from: '/shell/work' })
  const navigate = useNavigate({ from: '/work' })
  const client = useQueryClient()
  const names = useNames()
  const now = useNow()
  const { data: queues = [] } = useQuery(queuesQuery)
  const { data: tree = [] } = useQuery(dispositionsQuery)
  const seesAll = isSupervisor(session.role)
  const isEnded = search.state === 'done' || search.state === 'closed'
  const state = isEnded || search.state ? search.state : undefined
  const list = usePages<WorkItem>(['work-items', 'list', search], '/work-items', { is_ended: String(isEnded), state, queue: search.queue, limit: 50 })

  useEffect(() => {
    const again = () => void client.invalidateQueries({ queryKey: ['work-items', 'list'] })
    const timer = isEnded ? undefined : setInterval(again, REFRESH_MS)
    const forget = live.onMessage((message) => {
      if (message.t === 'fact' && message.record.area === 'work') again()
    })
    return () => {
      clearInterval(timer)
      forget()
    }
  }, [client, isEnded])

  const move = async (one: WorkItem, what: Move, body?: object) => {
    try {
      await api.post(`/work-items/${one.id}/${what}`, body)
      showToast({ tone: 'good', text: t(`moved.${what}`) })
    } catch (error) {
      showToast({ tone: 'bad', text: problemText(error) })
    }
    await client.invalidateQueries({ queryKey: ['work-items'] })
  }

  const leaves = tree.filter((one) => one.is_active && !tree.some((other) => other.parent === one.id))
  /** What this person may ask of it now. */
  const entries = (one: WorkItem) => {
    const isOwn = 'agent' in one.state && one.state.agent === session.agent
    const needsReason = queues.find((queue) => queue.id === one.queue)?.wrap_up.mode === 'until_disposition'
    const about = leaves.map((leaf) => ({ text: `${t('done')}: ${inLanguage(leaf.names, i18n.language)}`, onAction: () => void move(one, 'done', { disposition: leaf.id }), testId: `work-row-done-${leaf.id}` }))
    return [
      ...(isOwn && one.state.is === 'offered'
        ? [
            { text: t('accept'), onAction: () => void move(one, 'accept'), testId: 'work-row-accept' },
            { text: t('decline'), onAction: () => void move(one, 'decline'), testId: 'work-row-decline' },
          ]
        : []),
      ...(isOwn && one.state.is === 'accepted' ? [...(needsReason ? about : [{ text: t('done'), onAction: () => void move(one, 'done', {}), testId: 'work-row-done' }]), { text: t('give_back'), onAction: () => void move(one, 'give-back'), testId: 'work-row-give-back' }] : []),
      ...(seesAll && one.state.is !== 'done' && one.state.is !== 'closed' ? [{ text: t('close'), onAction: () => void move(one, 'close'), testId: 'work-row-close' }] : []),
    ]
  }
  const who = (one: WorkItem) => (one.number ? phoneText(one.number) : t('withheld'))
  const columns: ReadonlyArray<Column<WorkItem>> = [
    { id: 'who', title: t('field.who'), width: 'minmax(128px, 1.2fr)', cell: (one) => <span className="font-medium tabular-nums">{who(one)}</span> },
    { id: 'queue', title: t('field.queue'), width: 'minmax(90px, 1fr)', cell: (one) => names.queue(one.queue) },
    { id: 'state', title: t('field.state'), width: '140px', cell: (one) => <Badge tone={TONES[one.state.is]}>{t(`state.${one.state.is}`)}</Badge> },
    { id: 'agent', title: t('field.agent'), width: 'minmax(90px, 1fr)', cell: (one) => ('agent' in one.state ? names.agent(one.state.agent) : '') },
    { id: 'since', title: t(isEnded ? 'field.ended' : 'field.since'), width: '116px', cell: (one) => <Point at={(isEnded && one.ended_at) || one.queued_at} now={now} language={i18n.language} /> },
    { id: 'offers', title: t('field.offers'), width: '72px', isNumber: true, cell: (one) => one.offers },
    { id: 'returns', title: t('field.returns'), width: '72px', isNumber: true, cell: (one) => one.returns },
    { id: 'message', title: t('field.message'), width: 'minmax(110px, 1fr)', cell: (one) => <Message item={one} mayHear={seesAll || one.state.is === 'accepted'} /> },
    {
      id: 'do',
      title: t('field.do'),
      isTitleHidden: true,
      width: '32px',
      cell: (one) => {
        const may = entries(one)
        return may.length > 0 ? (
          <Menu
            label={t('change', { who: who(one) })}
            placement="bottom end"
            trigger={<IconButton icon={EllipsisVertical} label={t('change', { who: who(one) })} size="sm" data-testid={`work-menu-${one.id}`} />}
            parts={[{ title: who(one), entries: may }]}
          />
        ) : null
      },
    },
  ]
  const narrow = (part: Partial<WorkSearch>) => void navigate({ search: (old) => ({ ...old, ...part }), replace: true })
  return (
    <Page isFlush title={<ListTitle title={t('title')} list={list} />} actions={!seesAll && <p className="text-xs text-ink-3">{t('own_only')}</p>}>
      <div className="flex h-full min-h-0 flex-col">
        <div role="search" className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
          <Select
            label={t('field.state')}
            isLabelHidden
            choices={[{ id: 'open', label: t('open') }, ...STATES.map((id) => ({ id, label: t(`state.${id}`) }))]}
            value={search.state ?? 'open'}
            onChange={(id) => narrow({ state: STATES.find((one) => one === id) })}
            className="w-44"
            data-testid="work-state"
          />
          <Select
            label={t('field.queue')}
            isLabelHidden
            choices={[{ id: 'any', label: t('any_queue') }, ...names.queues.map((queue) => ({ id: queue.id, label: queue.name }))]}
            value={search.queue ?? 'any'}
            onChange={(id) => narrow({ queue: id === 'any' ? undefined : id })}
            className="w-40"
            data-testid="work-queue"
          />
        </div>
        <div className="min-h-0 flex-1 overflow-auto">
          {list.isPending && <SkeletonLines count={8} label={t('common:loading')} />}
          {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
          {list.isSuccess && list.items.length === 0 && (
            <EmptyState icon={Voicemail} title={t('empty.title')}>
              {t('empty.text')}
            </EmptyState>
          )}
          {list.items.length > 0 && <Table label={t('title')} columns={columns} rows={list.items} rowKey={(one) => one.id} rowTestId={(one) => `work-${one.id}`} />}
          <MoreRows list={list} />
        </div>
      </div>
    </Page>
  )
}

/** How long the message is, its sound, and the ticket that it is too. */
function Message({ item, mayHear }: { item: WorkItem; mayHear: boolean }) {
  const { t } = useTexts('work')
  const [isHeard, setHeard] = useState(false)
  const { data: view } = useQuery({ queryKey: ['work-items', item.id], queryFn: ({ signal }) => api.get<WorkItemView>(`/work-items/${item.id}`, {}, signal), enabled: isHeard })
  if (!mayHear) return clockText(item.kind.length_ms)
  if (!isHeard)
    return (
      <Button size="sm" tone="quiet" onPress={() => setHeard(true)} data-testid={`work-hear-${item.id}`}>
        {t('listen_to', { length: clockText(item.kind.length_ms) })}
      </Button>
    )
  return (
    <span className="flex items-center gap-2">
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- there is no text of what was said */}
      <audio controls autoPlay src={`/api/v1/recordings/${item.kind.recording}/audio`} aria-label={t('listen')} className="h-8 w-40 max-w-full" />
      {view?.ticket && (
        <Link to="/tickets/$id" params={{ id: view.ticket }} className="text-accent-ink hover:underline">
          {t('ticket')}
        </Link>
      )}
    </span>
  )
}

function Point({ at, now, language }: { at: string; now: number; language: string }) {
  return <time dateTime={at}>{pointText(at, now, language)}</time>
}
