// Where one is in the administration, as it stands in the address.
import { textParam, withoutEmpty } from '@/lib/search-params'

export const SECTIONS = ['users', 'agents', 'skills', 'queues', 'numbers', 'trunks', 'phones', 'hours', 'dispositions', 'pauses', 'sla', 'centre', 'tokens', 'audit'] as const
export type SectionId = (typeof SECTIONS)[number]

export interface AdminSearch {
  /** The key of the entry whose form is open. */
  edit?: string
  /** `entry` while the form of a new one is open. */
  make?: string
}

export function readAdminSearch(search: Record<string, unknown>): AdminSearch {
  return withoutEmpty({ edit: textParam(search.edit), make: textParam(search.make) })
}
