// What the list of callbacks is narrowed by, as it stands in the address.
import { textParam, withoutEmpty, wordParam } from '@/lib/search-params'

export interface CallbackSearch {
  view?: 'ended'
  queue?: string
}

export function readCallbackSearch(search: Record<string, unknown>): CallbackSearch {
  return withoutEmpty({ view: wordParam(search.view, ['ended'] as const), queue: textParam(search.queue) })
}
