import { expect, test } from 'vitest'
import type { SignallingMessage } from '@/api/records'
import { answeredOf, ladderOf, moodOf, titleOf } from './lanes'

function message(offset_ms: number, source: string, destination: string, is_inbound: boolean, more: Partial<SignallingMessage> = {}): SignallingMessage {
  const empty = { at: '2026-01-01T00:00:00.000Z', transport: 'UDP', is_retransmission: false, cseq: '1 INVITE', call_id: 'a', text: '' }
  return { ...empty, offset_us: offset_ms * 1_000, source, destination, is_inbound, ...more }
}

test('lanes stand in the order in which they come into play, with ours right of whoever began', () => {
  const { lanes, arrows } = ladderOf([
    message(0, 'caller', 'us:5060', true),
    message(1, 'us:5060', 'agent', false),
    message(1_500, 'agent', 'us:5061', true),
    message(1_501, 'us:5060', 'caller', false),
  ])
  expect(lanes).toEqual([
    { isOurs: false, address: 'caller' },
    { isOurs: true, address: 'us:5060' },
    { isOurs: false, address: 'agent' },
  ])
  expect(arrows.map(({ from, to, pauseMs }) => [from, to, pauseMs])).toEqual([
    [0, 1, null],
    [1, 2, null],
    [2, 1, 1_499],
    [1, 0, null],
  ])
})

test('a call out begins with our lane in second place all the same', () => {
  expect(ladderOf([message(0, 'us', 'carrier', false)]).lanes.map((lane) => lane.isOurs)).toEqual([false, true])
  expect(ladderOf([])).toEqual({ lanes: [], arrows: [] })
})

test('a message is named by its own words and toned by its class', () => {
  const busy = message(0, 'a', 'b', true, { status: 486, reason: 'Busy Here' })
  expect([titleOf(busy), moodOf(busy), answeredOf(busy)]).toEqual(['486 Busy Here', 'failure', 'INVITE'])
  const invite = message(0, 'a', 'b', true, { method: 'INVITE' })
  expect([titleOf(invite), moodOf(invite), answeredOf(invite)]).toEqual(['INVITE', 'request', null])
  expect([100, 200, 302].map((status) => moodOf(message(0, 'a', 'b', true, { status })))).toEqual(['progress', 'success', 'redirection'])
})
