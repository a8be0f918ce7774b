import { expect, test } from 'vitest'
import type { TicketEntry } from '@/api/records'
import type { Interaction } from '@/api/types'
import { threadOf } from './thread'

const entry = (at: string, text: string): TicketEntry => ({ at, author: 'ana', kind: 'comment', text, is_public: false })
const call = (at: string): Interaction => ({ id: at, channel: 'call', direction: 'inbound', at, notes: 'call', duration_ms: 1000 })

test('contacts and comments stand in one row of time', () => {
  const items = threadOf({ entries: [entry('2026-11-21T10:05:00Z', 'b'), entry('2026-11-21T10:00:00Z', 'a')], interactions: [call('2026-11-21T10:02:00Z'), call('2026-11-21T10:00:00Z')] })
  expect(items.map((item) => (item.kind === 'entry' ? item.entry.text : 'call'))).toEqual(['call', 'a', 'call', 'b'])
})
