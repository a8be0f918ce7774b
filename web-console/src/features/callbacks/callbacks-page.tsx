// Who is to be called back: in what order and when, and what became of those who were.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { EllipsisVertical, PhoneForwarded, Plus } from 'lucide-react'
import { useEffect, useState } from 'react'
import { api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import type { CallbackView } from '@/api/records'
import { isSupervisor } from '@/api/session'
import { phoneText, pointText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { ListTitle, MoreRows } from '@/lib/more-rows'
import { useNow } from '@/lib/use-live'
import { useNames } from '@/lib/use-names'
import { usePages } from '@/lib/use-pages'
import { live } from '@/live/console'
import { WaitingMenu } from '@/features/live-board/waiting-menu'
import { Badge, Button, EmptyState, IconButton, Menu, Page, Segments, Select, showToast, SkeletonLines, Table, type BadgeTone, type Column } from '@/ui'
import { CallbackDialog } from './callback-dialog'
import { Today } from './today'

const TONES: Record<CallbackView['state'], BadgeTone> = { waiting: 'neutral', calling: 'accent', reached: 'good', failed: 'bad', expired: 'bad', merged: 'good', cancelled: 'neutral' }
/** Places in line change without a fact. */
const REFRESH_MS = 5_000

export function CallbacksPage() {
  const { t, i18n } = useTexts('callbacks')
  const { session } = useRouteContext({ from: '/shell' })
  const search = useSearch({ from: '/shell/callbacks' })
  const navigate = useNavigate({ from: '/callbacks' })
  const client = useQueryClient()
  const names = useNames()
  const now = useNow()
  const seesAll = isSupervisor(session.role)
  const isEnded = search.view === 'ended'
  const [edited, setEdited] = useState<CallbackView | 'new' | null>(null)
  const list = usePages<CallbackView>(['callbacks', search], '/callbacks', { is_ended: String(isEnded), queue: search.queue, limit: 50 })

  useEffect(() => {
    const again = () => void client.invalidateQueries({ queryKey: ['callbacks'] })
    const timer = isEnded ? undefined : setInterval(again, REFRESH_MS)
    const forget = live.onMessage((message) => {
      if (message.t === 'fact' && message.record.area === 'callback') again()
    })
    return () => {
      clearInterval(timer)
      forget()
    }
  }, [client, isEnded])

  const cancel = async (one: CallbackView) => {
    try {
      await api.post(`/callbacks/${one.id}/cancel`)
      showToast({ tone: 'good', text: t('cancelled') })
    } catch (error) {
      showToast({ tone: 'bad', text: problemText(error) })
    }
    await client.invalidateQueries({ queryKey: ['callbacks'] })
  }

  const columns: ReadonlyArray<Column<CallbackView>> = [
    { id: 'number', title: t('field.number'), width: 'minmax(128px, 1.2fr)', cell: (one) => <span className="font-medium tabular-nums">{phoneText(one.number)}</span> },
    { id: 'queue', title: t('field.queue'), width: 'minmax(90px, 1fr)', cell: (one) => names.queue(one.queue) },
    { id: 'state', title: t('field.state'), width: '150px', cell: (one) => <Badge tone={one.is_offered ? 'good' : TONES[one.state]}>{t(stateKey(one, now))}</Badge> },
    { id: 'place', title: t('field.place'), width: '56px', isNumber: true, cell: (one) => one.position ?? '–' },
    { id: 'due', title: t(isEnded ? 'field.ended' : 'field.due'), width: '116px', cell: (one) => <Point at={isEnded ? (one.ended_at ?? one.due_at) : one.due_at} now={now} language={i18n.language} /> },
    { id: 'since', title: t('field.since'), width: '116px', cell: (one) => <Point at={one.queued_at} now={now} language={i18n.language} /> },
    { id: 'attempts', title: t('field.attempts'), width: '72px', isNumber: true, cell: (one) => one.attempts },
    { id: 'agent', title: t('field.agent'), width: 'minmax(90px, 1fr)', cell: (one) => names.agent(one.agent) },
    { id: 'note', title: t('field.note'), width: 'minmax(90px, 1.6fr)', cell: (one) => one.note ?? '' },
    {
      id: 'do',
      title: t('field.do'),
      isTitleHidden: true,
      width: '32px',
      cell: (one) => {
        if (one.state !== 'waiting') return null
        const name = phoneText(one.number)
        const entries = [
          { text: t('reschedule'), onAction: () => setEdited(one), testId: 'callback-reschedule' },
          { text: t('cancel'), onAction: () => void cancel(one), testId: 'callback-cancel' },
        ]
        const testId = `callback-menu-${one.id}`
        // Whoever stands in line can be put first there, taken and given to an agent, as a caller can.
        if (seesAll && one.line_call != null && !one.is_offered) return <WaitingMenu call={one.line_call} name={name} isPromised more={entries} testId={testId} />
        const label = t('change', { number: name })
        return <Menu label={label} placement="bottom end" trigger={<IconButton icon={EllipsisVertical} label={label} size="sm" data-testid={testId} />} parts={[{ title: name, entries }]} />
      },
    },
  ]
  return (
    <Page
      isFlush
      title={<ListTitle title={t('title')} list={list} />}
      actions={
        <>
          {!seesAll && <p className="text-xs text-ink-3">{t('own_only')}</p>}
          <Button icon={Plus} onPress={() => setEdited('new')} data-testid="callback-new">
            {t('new')}
          </Button>
        </>
      }
    >
      <div className="flex h-full min-h-0 flex-col">
        <div role="search" className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
          <Segments
            label={t('view.label')}
            segments={[
              { value: 'open', text: t('view.open') },
              { value: 'ended', text: t('view.ended') },
            ]}
            value={isEnded ? 'ended' : 'open'}
            onChange={(view) => void navigate({ search: (old) => ({ ...old, view: view === 'ended' ? 'ended' : undefined }), replace: true })}
            testId="callbacks-view"
          />
          <Select
            label={t('field.queue')}
            isLabelHidden
            choices={[{ id: 'any', label: t('any_queue') }, ...names.queues.map((queue) => ({ id: queue.id, label: queue.name }))]}
            value={search.queue ?? 'any'}
            onChange={(id) => void navigate({ search: (old) => ({ ...old, queue: id === 'any' ? undefined : id }), replace: true })}
            className="w-40"
          />
          {seesAll && <Today queue={search.queue} />}
        </div>
        <div className="min-h-0 flex-1 overflow-auto">
          {list.isPending && <SkeletonLines count={8} label={t('common:loading')} />}
          {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
          {list.isSuccess && list.items.length === 0 && (
            <EmptyState icon={PhoneForwarded} title={t(isEnded ? 'empty.ended' : 'empty.title')}>
              {t('empty.text')}
            </EmptyState>
          )}
          {list.items.length > 0 && <Table label={t('title')} columns={columns} rows={list.items} rowKey={(one) => one.id} rowTestId={(one) => `callback-${one.id}`} />}
          <MoreRows list={list} />
        </div>
      </div>
      {edited && <CallbackDialog callback={edited === 'new' ? null : edited} session={session} onClose={() => setEdited(null)} />}
    </Page>
  )
}

/** Its state in words: who waits for a time does not wait in line. */
function stateKey(one: CallbackView, now: number) {
  if (one.is_offered) return 'state.offered' as const
  if (one.state === 'waiting' && one.position == null) return Date.parse(one.due_at) > now ? ('state.scheduled' as const) : ('state.closed' as const)
  return `state.${one.state}` as const
}

function Point({ at, now, language }: { at: string; now: number; language: string }) {
  return <time dateTime={at}>{pointText(at, now, language)}</time>
}
