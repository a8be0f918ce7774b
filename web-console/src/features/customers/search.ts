// What the list of customers is narrowed by, as it stands in the address.
import { textParam, withoutEmpty } from '@/lib/search-params'

export interface CustomerSearch {
  q?: string
  segment?: string
}

export function readCustomerSearch(search: Record<string, unknown>): CustomerSearch {
  return withoutEmpty({ q: textParam(search.q), segment: textParam(search.segment) })
}

export const SEGMENTS = ['standard', 'silver', 'gold'] as const
