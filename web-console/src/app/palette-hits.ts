// Customers, tickets and calls that the server finds by what is typed into the palette.
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { PhoneCall, Ticket, UserRound } from 'lucide-react'
import { api } from '@/api/client'
import type { CallLine } from '@/api/records'
import type { Customer, Page, TicketLine } from '@/api/types'
import { useLineParty } from '@/features/calls/party'
import { dateTimeText, phoneText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { useSettled } from '@/lib/use-settled'
import type { Entry } from './palette-entry'

const SEARCH_CHARS_MIN = 2
/** Of each kind. */
const HITS_MAX = 5

export interface Hits {
  isPending: boolean
  problem: unknown
  customers: Entry[]
  tickets: Entry[]
  calls: Entry[]
}

export function useHits(text: string): Hits {
  const { t, i18n } = useTexts('app')
  const navigate = useNavigate()
  const partyOf = useLineParty()
  const q = useSettled(text, 200)
  const isAsked = q.length >= SEARCH_CHARS_MIN
  const find = <T>(path: string, wanted: string) => ({
    queryKey: [path.slice(1), 'palette', wanted],
    queryFn: ({ signal }: { signal: AbortSignal }) => api.get<Page<T>>(path, { q: wanted, limit: HITS_MAX }, signal).then((page) => page.items),
    enabled: isAsked,
  })
  const customers = useQuery(find<Customer>('/customers', q))
  // `#1042` is how people write a ticket's number.
  const tickets = useQuery(find<TicketLine>('/tickets', q.replace(/^#/, '')))
  const calls = useQuery(find<CallLine>('/calls', q))
  const isPending = text.length >= SEARCH_CHARS_MIN && (q !== text || customers.isLoading || tickets.isLoading || calls.isLoading)
  const problem = customers.error ?? tickets.error ?? calls.error
  // All at once, so that the first of them is the first.
  if (isPending || !isAsked) return { isPending, problem: null, customers: [], tickets: [], calls: [] }
  return {
    isPending,
    problem,
    customers: (customers.data ?? []).map((one) => ({
      id: `customer-${one.id}`,
      icon: UserRound,
      title: one.name,
      detail: [one.organisation, one.phones[0] && phoneText(one.phones[0].number)].filter(Boolean).join(' · '),
      run: () => void navigate({ to: '/customers/$id', params: { id: one.id } }),
    })),
    tickets: (tickets.data ?? []).map((one) => ({
      id: `ticket-${one.number}`,
      icon: Ticket,
      title: `#${one.number} ${one.subject}`,
      detail: [one.customer_name, t(`common:ticket.state.${one.state}`)].filter(Boolean).join(' · '),
      run: () => void navigate({ to: '/tickets/$id', params: { id: one.id } }),
    })),
    calls: (calls.data ?? []).map((one) => ({
      id: `call-${one.id}`,
      icon: PhoneCall,
      title: partyOf(one),
      detail: dateTimeText(one.started_at, i18n.language),
      run: () => void navigate({ to: '/calls/$id', params: { id: one.id } }),
    })),
  }
}
