// Tickets, the next deadline first. Filters stand in the address; rows change in place and never move by themselves.
import { useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { Link, useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { Plus, RotateCw, Ticket, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Page as PageOf, TicketLine } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { ListTitle, MoreRows } from '@/lib/more-rows'
import { useNames } from '@/lib/use-names'
import { usePages } from '@/lib/use-pages'
import { useSettled } from '@/lib/use-settled'
import { useTicketFacts } from '@/lib/use-ticket-facts'
import { Button, ButtonLink, ClockBadge, cx, EmptyState, nextClock, Page, PriorityMark, SearchField, Select, SkeletonLines, Table, TicketStateBadge, type Column } from '@/ui'
import { STATES, ticketQuery, TYPES, VIEWS, withTicket, type TicketSearch } from './search'

export function TicketsPage() {
  const { t } = useTexts('tickets')
  const { session } = useRouteContext({ from: '/shell' })
  const search = useSearch({ from: '/shell/tickets' })
  const navigate = useNavigate({ from: '/tickets' })
  const client = useQueryClient()
  const names = useNames()
  const key = ['tickets', 'list', search] as const
  const list = usePages<TicketLine>(key, '/tickets', ticketQuery(search, session.user))
  const [text, setText] = useState(search.q ?? '')
  const q = useSettled(text.trim(), 250)
  const [news, setNews] = useState<ReadonlySet<string>>(new Set())

  const narrow = (more: Partial<Record<keyof TicketSearch, string | undefined>>) => void navigate({ search: (old) => ({ ...old, ...more }) as TicketSearch, replace: true })
  useEffect(() => {
    if (q !== (search.q ?? '')) void navigate({ search: (old) => ({ ...old, q: q === '' ? undefined : q }), replace: true })
  }, [q, search.q, navigate])

  useTicketFacts((ticket) => {
    const held = client.getQueryData<InfiniteData<PageOf<TicketLine>>>(key)
    if (!held) return
    const { isThere, pages } = withTicket(held.pages, ticket)
    if (isThere) client.setQueryData(key, { ...held, pages })
    else setNews((old) => new Set(old).add(ticket.id))
  })
  const refresh = () => {
    setNews(new Set())
    void list.refetch()
  }

  const columns: ReadonlyArray<Column<TicketLine>> = [
    { id: 'number', title: t('field.number'), width: '48px', cell: (ticket) => <span className="text-ink-2">#{ticket.number}</span> },
    {
      id: 'subject',
      title: t('field.subject'),
      width: 'minmax(180px, 2.6fr)',
      cell: (ticket) => (
        <Link to="/tickets/$id" params={{ id: ticket.id }} className="font-medium hover:underline" tabIndex={-1} title={ticket.subject}>
          {ticket.subject}
        </Link>
      ),
    },
    { id: 'customer', title: t('field.customer'), width: 'minmax(110px, 1.4fr)', cell: (ticket) => ticket.customer_name ?? '' },
    {
      id: 'due',
      title: t('field.due'),
      width: '152px',
      cell: (ticket) => {
        const clock = nextClock(ticket.clocks)
        return clock ? <ClockBadge clock={clock} state={ticket.state} /> : <span className="text-ink-3">{t('no_deadline')}</span>
      },
    },
    { id: 'state', title: t('field.state'), width: '156px', cell: (ticket) => <TicketStateBadge state={ticket.state} /> },
    { id: 'priority', title: t('field.priority'), width: '80px', cell: (ticket) => <PriorityMark priority={ticket.priority} /> },
    { id: 'type', title: t('field.type'), width: '104px', cell: (ticket) => t(`common:ticket.type.${ticket.type}`) },
    { id: 'owner', title: t('field.owner'), width: 'minmax(92px, 1fr)', cell: (ticket) => (ticket.owner ? names.agent(ticket.owner) : <span className="text-ink-3">{t('nobody')}</span>) },
    { id: 'queue', title: t('field.queue'), width: '88px', cell: (ticket) => names.queue(ticket.queue) },
  ]
  const view = search.view ?? 'open'
  const isNarrowed = Object.keys(search).some((name) => name !== 'view')
  return (
    <Page
      isFlush
      title={<ListTitle title={t('title')} list={list} />}
      actions={
        <ButtonLink href={search.customer === undefined ? '/tickets/new' : `/tickets/new?customer=${search.customer}`} tone="accent" icon={Plus} data-testid="ticket-new">
          {t('new')}
        </ButtonLink>
      }
    >
      <div className="flex h-full min-h-0 flex-col">
        <div role="search" className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
          <nav aria-label={t('views')} className="flex rounded-md border border-line-strong p-px">
            {VIEWS.map((one) => (
              <Link
                key={one}
                to="/tickets"
                search={(old) => ({ ...old, view: one === 'open' ? undefined : one }) as TicketSearch}
                replace
                aria-current={one === view ? 'true' : undefined}
                className={cx('flex h-7 items-center rounded-sm px-2.5 font-medium whitespace-nowrap', one === view ? 'bg-accent-soft text-accent-ink' : 'text-ink-2 hover:bg-hover')}
                data-testid={`view-${one}`}
              >
                {t(`view.${one}`)}
              </Link>
            ))}
          </nav>
          <SearchField label={t('search')} value={text} onChange={setText} clearLabel={t('common:clear')} className="w-64" data-testid="ticket-search" />
          <Filter label={t('field.queue')} any={t('any_queue')} value={search.queue} choices={names.queues.map((queue) => ({ id: queue.id, label: queue.name }))} onChange={(queue) => narrow({ queue })} />
          <Filter label={t('field.state')} any={t('any_state')} value={search.state} choices={STATES.map((id) => ({ id, label: t(`common:ticket.state.${id}`) }))} onChange={(state) => narrow({ state })} />
          <Filter label={t('field.type')} any={t('any_type')} value={search.type} choices={TYPES.map((id) => ({ id, label: t(`common:ticket.type.${id}`) }))} onChange={(type) => narrow({ type })} />
          {search.customer !== undefined && (
            <Button size="sm" icon={X} onPress={() => narrow({ customer: undefined })}>
              {t('one_customer', { name: list.items[0]?.customer_name ?? '' })}
            </Button>
          )}
        </div>
        {news.size > 0 && (
          <div role="status" className="flex items-center justify-center border-b border-line bg-accent-soft py-1">
            <Button size="sm" tone="plain" icon={RotateCw} onPress={refresh} data-testid="ticket-news">
              {t('news', { count: news.size })}
            </Button>
          </div>
        )}
        <div className="min-h-0 flex-1 overflow-auto">
          {list.isPending && <SkeletonLines count={10} label={t('common:loading')} />}
          {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
          {list.isSuccess && list.items.length === 0 && (
            <EmptyState
              icon={Ticket}
              title={isNarrowed ? t('empty.filtered_title') : t(`empty.${view}_title`)}
              action={
                isNarrowed && (
                  <Button
                    onPress={() => {
                      setText('')
                      void navigate({ search: search.view === undefined ? {} : { view: search.view }, replace: true })
                    }}
                  >
                    {t('empty.clear')}
                  </Button>
                )
              }
            >
              {isNarrowed ? t('empty.filtered') : t(`empty.${view}`)}
            </EmptyState>
          )}
          {list.items.length > 0 && (
            <Table
              label={t('title')}
              columns={columns}
              rows={list.items}
              rowKey={(ticket) => ticket.id}
              onOpen={(ticket) => void navigate({ to: '/tickets/$id', params: { id: ticket.id } })}
              rowTestId={(ticket) => `ticket-${ticket.number}`}
            />
          )}
          <MoreRows list={list} />
        </div>
      </div>
    </Page>
  )
}

function Filter({ label, any, value, choices, onChange }: { label: string; any: string; value: string | undefined; choices: ReadonlyArray<{ id: string; label: string }>; onChange: (id: string | undefined) => void }) {
  return <Select label={label} isLabelHidden choices={[{ id: 'any', label: any }, ...choices]} value={value ?? 'any'} onChange={(id) => onChange(id === 'any' ? undefined : id)} className="w-38" />
}
