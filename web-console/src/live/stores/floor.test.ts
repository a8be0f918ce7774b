import { expect, test } from 'vitest'
import type { CustomerSnapshot, ServerMessage, TicketLine } from '../protocol'
import { aCall, aHello, anAgent } from '@/testing/fake-server'
import { applyToFloor, emptyFloor, foremostCall } from './floor'

const greeted = applyToFloor(emptyFloor, { t: 'hello', ...aHello() })

test('hello replaces everything that was there', () => {
  const before = applyToFloor(greeted, { t: 'call', call: aCall() })
  const after = applyToFloor(before, { t: 'hello', ...aHello({ calls: [], notes: [{ call: 'c9', notes: 'x' }] }) })
  expect(after.calls).toEqual([])
  expect(after.savedNotes.get('c9')).toBe('x')
})

test('the build of the page is the first one told, whatever comes later', () => {
  const after = applyToFloor(greeted, { t: 'hello', ...aHello({ build: 'b2' }) })
  expect([after.pageBuild, after.build]).toEqual(['b1', 'b2'])
})

test('a call offered to this agent appears, and an older view of it changes nothing', () => {
  const ringing = applyToFloor(greeted, { t: 'call', call: aCall({ version: 4 }) })
  expect(ringing.calls.map((call) => call.id)).toEqual(['c1'])
  expect(applyToFloor(ringing, { t: 'call', call: aCall({ version: 3, state: { is: 'talking' } }) })).toBe(ringing)
})

test('a call that goes to a colleague leaves this desk with all that hung on it', () => {
  let floor = applyToFloor(greeted, { t: 'call', call: aCall() })
  floor = applyToFloor(floor, { t: 'pop', call: 'c1', matches: [], arrived_at: '2026-11-21T10:00:00.000Z' })
  expect(floor.pops.has('c1')).toBe(true)
  floor = applyToFloor(floor, { t: 'call', call: aCall({ version: 2, agent: 'ben' }) })
  expect(floor.calls).toEqual([])
  expect(floor.pops.size + floor.arrivals.size).toBe(0)
})

test('calls of others, as supervisors hear of them, are nobody’s own', () => {
  const floor = applyToFloor(greeted, { t: 'call', call: aCall({ agent: 'ben' }) })
  expect(floor.calls).toEqual([])
})

test('a call that ends without wrap-up says why', () => {
  const dialling = applyToFloor(greeted, { t: 'call', call: aCall({ direction: 'outbound', state: { is: 'dialling' } }) })
  const over = applyToFloor(dialling, { t: 'call', call: aCall({ version: 2, state: { is: 'over', cause: 'busy' } }) })
  expect(over.notices).toMatchObject([{ key: 'call_over', cause: 'busy' }])
})

test('a caller who hangs up before the answer is told of, one who went on to a colleague is not', () => {
  const ringing = applyToFloor(greeted, { t: 'call', call: aCall({ state: { is: 'offered', until: '2026-11-21T10:00:00.000Z' } }) })
  const end = (cause: 'hangup' | 'finished') => applyToFloor(ringing, { t: 'call', call: aCall({ version: 2, agent: null, state: { is: 'over', cause } }) })
  expect(end('hangup').notices).toMatchObject([{ key: 'caller_gone' }])
  expect(end('finished').notices).toEqual([])
})

test('an agent who was removed is nobody’s colleague any more, and the own one takes no calls', () => {
  const floor = applyToFloor(greeted, { t: 'agent', agent: anAgent({ id: 'ben', version: 3 }) })
  const gone = applyToFloor(floor, { t: 'agent_gone', agent: 'ben' })
  expect(gone.colleagues.has('ben')).toBe(false)
  const back = applyToFloor(gone, { t: 'agent', agent: anAgent({ id: 'ben', version: 1 }) })
  expect(back.colleagues.get('ben')?.version).toBe(1)
  expect(applyToFloor(floor, { t: 'agent_gone', agent: floor.user ?? '' }).agent).toBeNull()
})

test('after a wrap-up the end is no news', () => {
  const wrapping = applyToFloor(greeted, { t: 'call', call: aCall({ state: { is: 'wrapping_up', needs_disposition: false } }) })
  const over = applyToFloor(wrapping, { t: 'call', call: aCall({ version: 2, state: { is: 'over', cause: 'hangup' } }) })
  expect(over.notices).toEqual([])
})

test('the own agent and colleagues are kept apart, each by version', () => {
  let floor = applyToFloor(greeted, { t: 'agent', agent: anAgent({ id: 'ben', version: 3 }) })
  floor = applyToFloor(floor, { t: 'agent', agent: anAgent({ id: 'ben', version: 2, name: 'old' }) })
  floor = applyToFloor(floor, { t: 'agent', agent: anAgent({ version: 2, presence: { state: 'paused', reason: 'missed' } }) })
  expect(floor.colleagues.get('ben')?.name).toBe('Ana')
  expect(floor.agent?.presence).toEqual({ state: 'paused', reason: 'missed' })
})

test('who listens sees to whom, until it ends', () => {
  const listening = applyToFloor(greeted, { t: 'call', call: aCall({ agent: 'ben', supervisors: [{ agent: 'ana', mode: 'whisper' }], state: { is: 'talking' } }) })
  expect(listening.supervised?.id).toBe('c1')
  const over = applyToFloor(listening, { t: 'call', call: aCall({ agent: 'ben', version: 2, state: { is: 'over', cause: 'hangup' } }) })
  expect(over.supervised).toBeNull()
})

test('what talks goes before what is wrapped up', () => {
  const wrapping = aCall({ id: 'a', state: { is: 'wrapping_up', needs_disposition: false } })
  const talking = aCall({ id: 'b', state: { is: 'talking' } })
  expect(foremostCall([wrapping, talking])?.id).toBe('b')
})

test('a call that was handed over stays for its wrap-up, in whatever order the news comes', () => {
  const consult = { agent: 'ben', step: 'joined', is_on_phone: false } as const
  const conference = [{ party: 1, agent: 'ben', is_muted: false }]
  const talking = applyToFloor(applyToFloor(greeted, { t: 'call', call: aCall({ state: { is: 'talking' }, consult, conference }) }), { t: 'pop', call: 'c1', matches: [], arrived_at: '2026-11-21T10:00:00.000Z' })
  const wrapping = { t: 'agent', agent: anAgent({ version: 2, presence: { state: 'wrapping_up', call: 'c1', until: '2026-11-21T10:01:00.000Z' } }) } as const
  const gone = { t: 'call', call: aCall({ version: 2, agent: 'ben', state: { is: 'offered', until: '2026-11-21T10:01:00.000Z' } }) } as const
  for (const news of [
    [wrapping, gone],
    [gone, wrapping],
  ]) {
    const floor = news.reduce(applyToFloor, talking)
    expect(floor.calls).toMatchObject([{ id: 'c1', party: { number: '+34911000001' }, consult: null, conference: [], state: { is: 'wrapping_up' } }])
    expect(floor.pops.has('c1')).toBe(true)
    const done = applyToFloor(floor, { t: 'agent', agent: anAgent({ version: 3 }) })
    expect(done.calls).toEqual([])
  }
})

test('even a reload leaves a place for that wrap-up', () => {
  const floor = applyToFloor(emptyFloor, { t: 'hello', ...aHello({ agent: anAgent({ presence: { state: 'wrapping_up', call: 'c7' } }) }) })
  expect(floor.calls).toMatchObject([{ id: 'c7', state: { is: 'wrapping_up' } }])
})

test('a shift of calls leaves nothing behind', () => {
  let floor = greeted
  for (let i = 0; i < 400; i += 1) {
    const id = `c${i}`
    floor = applyToFloor(floor, { t: 'call', call: aCall({ id }) })
    floor = applyToFloor(floor, { t: 'pop', call: id, matches: [], arrived_at: '2026-11-21T10:00:00.000Z' })
    floor = applyToFloor(floor, { t: 'call', call: aCall({ id, version: 2, state: { is: 'over', cause: 'hangup' } }) })
  }
  expect(floor.calls.length + floor.pops.size + floor.arrivals.size).toBe(0)
  expect(floor.notices.length).toBeLessThanOrEqual(20)
})

const aTicket = (more: Partial<TicketLine> = {}) => ({ id: 't1', version: 1, number: 1042, subject: 'Sin línea', state: 'open', customer: 'carmen', clocks: [], ...more }) as TicketLine
const aFact = (ticket: TicketLine) => ({ t: 'fact', cursor: 'n1:8', record: { area: 'ticket', event: { kind: 'opened' } }, ticket }) as unknown as ServerMessage
const openOn = (floor: typeof greeted) => floor.pops.get('c1')?.[0]?.open_tickets.map((ticket) => `${ticket.number} ${ticket.state}`)

test('a ticket that changes, changes on the record that is on screen', () => {
  let floor = applyToFloor(greeted, { t: 'call', call: aCall() })
  const carmen = { customer: { id: 'carmen' }, open_tickets: [aTicket()], interactions: [] } as unknown as CustomerSnapshot
  floor = applyToFloor(floor, { t: 'pop', call: 'c1', matches: [carmen], arrived_at: '2026-11-21T10:00:00.000Z' })
  floor = applyToFloor(floor, aFact(aTicket({ id: 't2', number: 1043, state: 'new' })))
  expect(openOn(floor)).toEqual(['1043 new', '1042 open'])
  floor = applyToFloor(floor, aFact(aTicket({ version: 3, state: 'waiting_customer' })))
  expect(openOn(floor)).toEqual(['1043 new', '1042 waiting_customer'])
  expect(applyToFloor(floor, aFact(aTicket({ version: 2 }))).pops.get('c1')?.[0]?.open_tickets[1]?.state).toBe('waiting_customer')
  floor = applyToFloor(floor, aFact(aTicket({ version: 4, state: 'solved' })))
  expect(openOn(floor)).toEqual(['1043 new'])
  expect(openOn(applyToFloor(floor, aFact(aTicket({ id: 't9', customer: 'somebody else' }))))).toEqual(['1043 new'])
})

test('the notice of a breach says which ticket', () => {
  const floor = applyToFloor(greeted, { t: 'notice', key: 'sla_breached', ticket: aTicket() })
  expect(floor.notices).toMatchObject([{ key: 'sla_breached', ticket: { number: 1042 } }])
})

test("a supervisor hears of others' wrap-ups that are overdue, and of whose", () => {
  const overdue = (agent: string) => ({ t: 'fact', cursor: 'n1:9', record: { area: 'agent', event: { kind: 'wrap_up_overdue', agent, call: 'c1' } } }) as unknown as ServerMessage
  expect(applyToFloor(greeted, overdue('ben')).notices).toMatchObject([{ key: 'wrap_up_overdue', agent: 'ben' }])
  expect(applyToFloor(greeted, overdue(greeted.user ?? '')).notices).toEqual([])
})

test('the parked calls are replaced as a whole, and whoever parked is told the slot instead of an end', () => {
  const { party } = aCall()
  const slot = { call: 'c1', slot: 2, number: '*702', by: 'ana', since: '2026-11-21T10:00:00.000Z', until: '2026-11-21T10:02:00.000Z', party, language: 'es' }
  let floor = applyToFloor(greeted, { t: 'call', call: aCall({ state: { is: 'talking' } }) })
  floor = applyToFloor(floor, { t: 'parked', parked: [slot] })
  floor = applyToFloor(floor, { t: 'call', call: aCall({ version: 2, state: { is: 'over', cause: 'finished' } }) })
  expect(floor.calls).toEqual([])
  expect(floor.notices.map((notice) => [notice.key, notice.number])).toEqual([['parked', '*702']])
  expect(applyToFloor(floor, { t: 'parked', parked: [] }).parked).toEqual([])
})
