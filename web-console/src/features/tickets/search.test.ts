import { expect, test } from 'vitest'
import type { TicketLine } from '@/api/types'
import { readTicketSearch, ticketQuery, withTicket } from './search'

const aTicket = (more: Partial<TicketLine>): TicketLine => ({
  id: 't1', number: 1, version: 1, type: 'request', subject: '', state: 'open', status: 'open', priority: 'normal', created_at: '', updated_at: '', clocks: [], ...more,
})

test('an address of the list is read with care', () => {
  expect(readTicketSearch({ view: 'mine', q: 1042, state: 'lost', type: 'complaint', queue: '' })).toEqual({ view: 'mine', q: '1042', type: 'complaint' })
})

test('the views ask for different tickets', () => {
  expect(ticketQuery({}, 'ana')).toMatchObject({ open: true, owner: undefined })
  expect(ticketQuery({ view: 'mine' }, 'ana')).toMatchObject({ open: true, owner: 'ana' })
  expect(ticketQuery({ view: 'unowned' }, 'ana')).toMatchObject({ open: true, owner: 'none' })
  expect(ticketQuery({ view: 'all' }, 'ana').open).toBeUndefined()
})

test('a state that is asked for by name may be a closed one', () => {
  expect(ticketQuery({ view: 'mine', state: 'closed' }, 'ana')).toMatchObject({ state: 'closed', owner: 'ana', open: undefined })
})

test('a changed ticket stays in its row, and an older fact does not undo a newer one', () => {
  const pages = [{ items: [aTicket({ id: 'a' }), aTicket({ id: 'b', version: 3 })] }]
  const moved = withTicket(pages, aTicket({ id: 'a', version: 2, state: 'solved' }))
  expect(moved.isThere).toBe(true)
  expect(moved.pages[0]?.items.map((one) => one.state)).toEqual(['solved', 'open'])
  expect(withTicket(pages, aTicket({ id: 'b', version: 2, state: 'closed' })).pages[0]?.items[1]?.state).toBe('open')
  expect(withTicket(pages, aTicket({ id: 'z' })).isThere).toBe(false)
})
