// Where one is in the administration, as it stands in the address.
import { dayParam } from '@/lib/days'
import { textParam, withoutEmpty, wordParam } from '@/lib/search-params'

export const SECTIONS = ['users', 'agents', 'skills', 'queues', 'numbers', 'trunks', 'routes', 'forks', 'alerts', 'webhooks', 'phones', 'hours', 'dispositions', 'pauses', 'sla', 'departments', 'workflow', 'centre', 'tokens', 'audit'] as const
export type SectionId = (typeof SECTIONS)[number]

/** Areas that people answer for. */
export const AREAS = ['access', 'directory'] as const
export type Area = (typeof AREAS)[number]

export interface AdminSearch {
  /** The key of the entry whose form is open. */
  edit?: string
  /** `entry` while the form of a new one is open. */
  make?: string
  /** What the audit trail is narrowed by. */
  area?: Area
  actor?: string
  from?: string
  to?: string
}

export function readAdminSearch(search: Record<string, unknown>): AdminSearch {
  return withoutEmpty({
    edit: textParam(search.edit),
    make: textParam(search.make),
    area: wordParam(search.area, AREAS),
    actor: textParam(search.actor),
    from: dayParam(search.from),
    to: dayParam(search.to),
  })
}
