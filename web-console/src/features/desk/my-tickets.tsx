import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api } from '@/api/client'
import type { Page, TicketLine } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { useFloor } from '@/lib/use-live'
import { live } from '@/live/console'
import { SkeletonLines } from '@/ui'
import { TicketRow } from './ticket-row'

/** Between calls: what this agent still owes, next deadline first. */
export function MyTickets() {
  const { t } = useTexts('desk')
  const client = useQueryClient()
  const user = useFloor((floor) => floor.user)
  const query = useQuery({
    queryKey: ['tickets', 'mine', user],
    queryFn: ({ signal }) => api.get<Page<TicketLine>>('/tickets', { owner: user, open: true, limit: 20 }, signal),
    enabled: user !== null,
  })
  const tickets = query.data?.items
  useEffect(
    () =>
      live.onMessage((message) => {
        // Everybody hears of every ticket; only news of these are worth asking again.
        const changed = message.t === 'fact' ? message.ticket : undefined
        if (changed && (changed.owner === user || tickets?.some((ticket) => ticket.id === changed.id))) {
          void client.invalidateQueries({ queryKey: ['tickets', 'mine'] })
        }
      }),
    [client, user, tickets],
  )
  return (
    <>
      <header className="flex h-9 items-center justify-between gap-2 border-b border-line px-3">
        <h2 className="text-xs font-semibold text-ink-2">{t('my_tickets.title')}</h2>
        <Link to={'/tickets' as string} className="text-xs text-accent-ink hover:underline">
          {t('my_tickets.all')}
        </Link>
      </header>
      {query.isPending && <SkeletonLines count={6} label={t('common:loading')} />}
      {query.isError && <LoadProblem problem={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && tickets?.length === 0 && <p className="p-3 text-ink-2">{t('my_tickets.none')}</p>}
      <ul className="divide-y divide-line">
        {tickets?.map((ticket) => (
          <TicketRow key={ticket.id} ticket={ticket} isCustomerShown />
        ))}
      </ul>
    </>
  )
}
