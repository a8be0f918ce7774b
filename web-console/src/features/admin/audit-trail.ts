// The events of the centre, read from the beginning on: the stream has no end to start from. Only those that somebody answers for
// are kept, and of them the latest.
import type { Page } from '@/api/types'

export interface AuditRecord {
  node: string
  seq: number
  at: string
  actor: { by: 'user'; user: string } | { by: 'customer' } | { by: 'system' }
  area: string
  event: Readonly<Record<string, unknown>> & { kind: string }
}

export interface Chunk {
  records: AuditRecord[]
  /** Where to read on. */
  next: string | null
  isEnd: boolean
}

export const AUDITED: readonly string[] = ['access', 'directory']
const PAGE_SIZE = 200
/** Pages read in one go: 10,000 events. */
const PAGES_MAX = 50
/** Records kept of one go. */
const RECORDS_MAX = 500

export async function readChunk(read: (after: string | null, limit: number) => Promise<Page<AuditRecord>>, from: string | null): Promise<Chunk> {
  let records: AuditRecord[] = []
  let next = from
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { items, next: cursor } = await read(next, PAGE_SIZE)
    records = [...records, ...items.filter((record) => AUDITED.includes(record.area))].slice(-RECORDS_MAX)
    next = cursor ?? next
    if (items.length < PAGE_SIZE) return { records, next, isEnd: true }
  }
  return { records, next, isEnd: false }
}
