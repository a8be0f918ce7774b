// What the list of work items is narrowed by, as it stands in the address.
import { textParam, withoutEmpty, wordParam } from '@/lib/search-params'

export const STATES = ['waiting', 'offered', 'accepted', 'done', 'closed'] as const

export interface WorkSearch {
  /** Without it all that is still to be done. */
  state?: (typeof STATES)[number] | undefined
  queue?: string | undefined
}

export function readWorkSearch(search: Record<string, unknown>): WorkSearch {
  return withoutEmpty({ state: wordParam(search.state, STATES), queue: textParam(search.queue) })
}
