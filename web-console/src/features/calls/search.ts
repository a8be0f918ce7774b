// What the history of calls is narrowed by, as it stands in the address, and the question to the server that it makes.
import type { Query } from '@/api/client'
import type { Schemas } from '@/api/types'
import { textParam, withoutEmpty, wordParam } from '@/lib/search-params'

export type Outcome = Schemas['Outcome']
export type Direction = Schemas['Direction']

export const OUTCOMES: readonly Outcome[] = ['open', 'answered', 'abandoned', 'self_served', 'flowed_out', 'not_reached', 'failed']
export const DIRECTIONS: readonly Direction[] = ['inbound', 'outbound']

export interface CallSearch {
  q?: string
  /** Days as the browser's calendar has them: `2026-11-21`. Both are included. */
  from?: string
  to?: string
  queue?: string
  agent?: string
  outcome?: Outcome
  direction?: Direction
  customer?: string
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

function dayParam(value: unknown): string | undefined {
  const text = textParam(value)
  return text !== undefined && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined
}

export function readCallSearch(search: Record<string, unknown>): CallSearch {
  return withoutEmpty({
    q: textParam(search.q),
    from: dayParam(search.from),
    to: dayParam(search.to),
    queue: textParam(search.queue),
    agent: textParam(search.agent),
    outcome: wordParam(search.outcome, OUTCOMES),
    direction: wordParam(search.direction, DIRECTIONS),
    customer: textParam(search.customer),
  })
}

/** The server counts in moments: from the first of the first day until the last of the last one, here where the page is read. */
export function callQuery(search: CallSearch): Query {
  return { ...search, from: search.from && dayStart(search.from, 0), to: search.to && dayStart(search.to, 1) }
}

function dayStart(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + later).toISOString()
}

/** A day as the address has it. */
export function dayOf(at: Date): string {
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`
}
