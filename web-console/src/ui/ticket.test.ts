import { expect, test } from 'vitest'
import type { ClockView } from '@/api/types'
import { nextClock, urgencyOf } from './ticket'

const START = Date.parse('2026-11-21T10:00:00.000Z')
const HOUR_MS = 3_600_000
/** Of ten hours. */
const clock = (more: Partial<ClockView> = {}): ClockView => ({
  metric: 'resolution',
  state: 'running',
  started_at: new Date(START).toISOString(),
  target_secs: 36_000,
  due_at: new Date(START + 10 * HOUR_MS).toISOString(),
  ...more,
})

test('three quarters of the time make it due soon, nine tenths now, the end late', () => {
  const at = (hours: number) => urgencyOf(clock(), START + hours * HOUR_MS)
  expect([0, 7.4, 7.6, 8.9, 9.1, 9.99, 10.01].map(at)).toEqual(['calm', 'calm', 'soon', 'soon', 'now', 'now', 'late'])
})

test('a clock that the server calls breached is late, whatever the clock of this page says', () => {
  expect(urgencyOf(clock({ state: 'breached_open' }), START)).toBe('late')
})

test('the clock that matters is a breached one, then the one due first, then a paused one', () => {
  const first = clock({ metric: 'first_response', due_at: new Date(START + HOUR_MS).toISOString() })
  const paused = clock({ state: 'paused', due_at: null })
  const breached = clock({ state: 'breached_open' })
  expect(nextClock([paused, clock(), first])).toBe(first)
  expect(nextClock([paused, first, breached])).toBe(breached)
  expect(nextClock([paused, clock({ state: 'met' })])).toBe(paused)
})
