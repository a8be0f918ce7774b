// What the list of tickets is narrowed by, as it stands in the address, and the question to the server that it makes.
import type { Query } from '@/api/client'
import type { Priority, TicketLine, TicketState, TicketType } from '@/api/types'
import { textParam, withoutEmpty, wordParam } from '@/lib/search-params'

export const VIEWS = ['open', 'mine', 'unowned', 'all'] as const
export type View = (typeof VIEWS)[number]

export const STATES: readonly TicketState[] = ['new', 'open', 'waiting_customer', 'waiting_internal', 'waiting_supplier', 'solved', 'closed', 'merged', 'cancelled']
export const TYPES: readonly TicketType[] = ['request', 'complaint', 'return', 'enquiry', 'incident', 'suggestion', 'callback']
export const PRIORITIES: readonly Priority[] = ['low', 'normal', 'high', 'urgent']

export interface TicketSearch {
  view?: View
  q?: string
  queue?: string
  state?: TicketState
  type?: TicketType
  customer?: string
}

export function readTicketSearch(search: Record<string, unknown>): TicketSearch {
  return withoutEmpty({
    view: wordParam(search.view, VIEWS),
    q: textParam(search.q),
    queue: textParam(search.queue),
    state: wordParam(search.state, STATES),
    type: wordParam(search.type, TYPES),
    customer: textParam(search.customer),
  })
}

/** `mine` and `unowned` look at open tickets only; a state that is asked for by name decides by itself. */
export function ticketQuery(search: TicketSearch, user: string): Query {
  const { view = 'open', ...rest } = search
  return {
    ...rest,
    owner: view === 'mine' ? user : view === 'unowned' ? 'none' : undefined,
    open: view !== 'all' && search.state === undefined ? true : undefined,
    limit: 50,
  }
}

/** Puts a changed ticket in the place where it stands; says whether it was there. */
export function withTicket(pages: ReadonlyArray<{ items: TicketLine[] }>, ticket: TicketLine): { isThere: boolean; pages: Array<{ items: TicketLine[] }> } {
  let isThere = false
  const changed = pages.map((page) => ({
    ...page,
    items: page.items.map((one) => {
      if (one.id !== ticket.id) return one
      isThere = true
      return one.version > ticket.version ? one : ticket
    }),
  }))
  return { isThere, pages: changed }
}
