import { beforeEach, expect, test } from 'vitest'
import { anAgent, HandClock } from '@/testing/fake-server'
import type { Board, BoardQueue } from '../protocol'
import { BoardStore, FLUSH_MS } from './board'

const counts = { offered: 0, answered: 0, answered_in_time: 0, abandoned: 0, abandoned_short: 0, flowed_out: 0, wait_ms_answered: 0, wait_ms_max: 0, abandoned_in_time: 0 }
const level: BoardQueue['level_today'] = { variant: 'strict', code: 'SL-3', numerator: 0, denominator: 0 }
const queue = (id: string, waiting: number): BoardQueue => ({
  live: { id, version: 1, waiting, callbacks: 0, work_items: 0, agents_ready: 0, agents_signed_in: 0, talking: 0 },
  name: id,
  today: counts,
  interval: counts,
  level_today: level,
  level_interval: level,
  service_level_secs: 20,
  service_level_percent: 80,
})
const board = (...queues: BoardQueue[]): Board => ({ at: '2026-11-21T10:00:00.000Z', queues, agents: [anAgent()], calls: [], trunks: [] })

let clock: HandClock
let isHidden: boolean
let store: BoardStore

beforeEach(() => {
  clock = new HandClock()
  isHidden = false
  store = new BoardStore({ setTimer: clock.setTimer, clearTimer: clock.clearTimer, isHidden: () => isHidden })
})

test('a thousand pictures a second are shown four times', () => {
  let shown = 0
  store.onAny(() => {
    shown += 1
  })
  for (let i = 0; i < 1_000; i += 1) {
    store.receive(board(queue('support', i)))
    clock.forward(1)
  }
  expect(shown).toBeGreaterThan(0)
  expect(shown).toBeLessThanOrEqual(4)
})

test('only the row that changed hears of it', () => {
  const heard: string[] = []
  store.receive(board(queue('support', 1), queue('sales', 1)))
  clock.forward(FLUSH_MS)
  store.onRow('queues', 'support', () => heard.push('support'))
  store.onRow('queues', 'sales', () => heard.push('sales'))
  store.receive(board(queue('support', 2), queue('sales', 1)))
  clock.forward(FLUSH_MS)
  expect(heard).toEqual(['support'])
})

test('the list is told of rows that come and go, and rows that went are forgotten', () => {
  let lists = 0
  store.onList(() => {
    lists += 1
  })
  store.receive(board(queue('support', 1), queue('sales', 1)))
  clock.forward(FLUSH_MS)
  store.receive(board(queue('support', 1)))
  clock.forward(FLUSH_MS)
  expect(lists).toBe(2)
  expect(store.list('queues')).toEqual(['support'])
  expect(store.queue('sales')).toBeUndefined()
})

test('nothing is painted in a hidden tab; the newest picture is shown when it is looked at again', () => {
  isHidden = true
  store.receive(board(queue('support', 5)))
  clock.forward(FLUSH_MS)
  expect(store.queue('support')).toBeUndefined()
  isHidden = false
  store.flush()
  expect(store.queue('support')?.live.waiting).toBe(5)
})

test('a paused board stands still and catches up', () => {
  store.freeze(true)
  store.receive(board(queue('support', 5)))
  clock.forward(FLUSH_MS)
  expect(store.at).toBeNull()
  store.freeze(false)
  expect(store.queue('support')?.live.waiting).toBe(5)
})
