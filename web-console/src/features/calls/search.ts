// What the history of calls is narrowed by, as it stands in the address, and the question to the server that it makes.
import type { Query } from '@/api/client'
import type { Schemas } from '@/api/types'
import { dayParam, momentsOf } from '@/lib/days'
import { textParam, withoutEmpty, wordParam } from '@/lib/search-params'

export type Outcome = Schemas['Outcome']
export type Direction = Schemas['Direction']
export type Answer = Schemas['Answer']

export const OUTCOMES: readonly Outcome[] = ['open', 'answered', 'abandoned', 'abandoned_in_ivr', 'self_served', 'flowed_out', 'not_reached', 'failed']
export const ANSWERS: readonly Answer[] = ['human', 'machine', 'fax', 'unsure']
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
  answer?: Answer
  customer?: string
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
    answer: wordParam(search.answer, ANSWERS),
    customer: textParam(search.customer),
  })
}

export function callQuery(search: CallSearch): Query {
  return { ...search, ...momentsOf(search) }
}
