import { expect, test } from 'vitest'
import type { TicketEntry } from '@/api/records'
import type { Interaction, Schemas } from '@/api/types'
import { joined, threadOf } from './thread'

const entry = (at: string, text: string): TicketEntry => ({ id: at + text, at, author: 'ana', kind: 'comment', text, is_public: false })
const call = (at: string): Interaction => ({ id: at, channel: 'call', direction: 'inbound', at, notes: 'call', duration_ms: 1000 })

test('contacts and comments stand in one row of time', () => {
  const items = threadOf({ entries: [entry('2026-11-21T10:05:00Z', 'b'), entry('2026-11-21T10:00:00Z', 'a')], interactions: [call('2026-11-21T10:02:00Z'), call('2026-11-21T10:00:00Z')], events: [] })
  expect(items.map((item) => (item.kind === 'entry' ? item.entry.text : item.kind === 'interaction' ? 'call' : 'change'))).toEqual(['call', 'a', 'call', 'b'])
})

test('every change stands there once, with who did it and the subject that was before', () => {
  const record = (seq: number, event: Schemas['TicketEventKind']): Schemas['EventRecord'] => ({ node: 'node1', seq, at: `2026-11-21T10:0${seq}:00Z`, actor: { by: 'user', user: 'ana' }, area: 'ticket', event: { ticket: 't1', number: 1001, ...event } })
  const entries: TicketEntry[] = [
    { ...entry('2026-11-21T10:01:00Z', 'Router photo'), kind: 'move' },
    { ...entry('2026-11-21T10:03:00Z', 'No line'), kind: 'subject' },
  ]
  const events = [
    record(1, { kind: 'moved', from: 'open', to: 'waiting_customer', reason: 'Router photo' }),
    // Kept before events held what was there: nothing stands in the entries for it.
    record(2, { kind: 'changed', is_subject: true }),
    record(3, { kind: 'changed', is_subject: true, before: {} }),
    record(4, { kind: 'commented', is_public: false }),
  ]
  const items = threadOf({ entries, interactions: [], events })
  expect(items.map((item) => (item.kind === 'change' ? [item.by, item.change.kind, item.subject] : item.kind))).toEqual([
    ['ana', 'moved', undefined],
    ['ana', 'changed', undefined],
    ['ana', 'changed', 'No line'],
  ])
})

test('an earlier stretch stands before the page, and what both hold stands there once and as it is now', () => {
  const old = { entries: [entry('2026-11-21T10:00:00Z', 'a'), entry('2026-11-21T10:01:00Z', 'b')], interactions: [call('2026-11-21T10:02:00Z')], events: [] }
  const now = { entries: [entry('2026-11-21T10:01:00Z', 'b'), entry('2026-11-21T10:03:00Z', 'c')], interactions: [{ ...call('2026-11-21T10:02:00Z'), notes: 'new notes' }], events: [] }
  const all = joined([old, now])
  expect(all.entries.map((one) => one.text)).toEqual(['a', 'b', 'c'])
  expect(all.interactions.map((one) => one.notes)).toEqual(['new notes'])
  // Asked for later, the older part comes behind the page in the list; time decides.
  expect(joined([now, old]).entries.map((one) => one.text)).toEqual(['a', 'b', 'c'])
})
