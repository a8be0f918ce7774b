import { expect, test } from 'vitest'
import type { RoutedCall } from '@/api/records'
import { keptOf, notFreeOf, unnamedOf } from './routing-story'

const routed = (more: Partial<RoutedCall>) => ({ at: '2026-11-21T10:00:00.000Z', not_free: { offered: 0, busy: 0, wrapping_up: 0, paused: 0 }, ...more }) as RoutedCall

test('for whom a call was kept is told with the time until which it would have been', () => {
  expect(keptOf(routed({}))).toBeNull()
  expect(keptOf(routed({ kept: { agent: 'bea', because: 'owner', tier: 'team', left_ms: 20_500 } }))).toEqual({ is: 'owner_team', agent: 'bea', until: '2026-11-21T10:00:20.500Z' })
})

test('who was not free is named with what they did, those who work first', () => {
  const one = routed({ others: { paused: { lunch: ['dora'], missed: ['eva'] }, busy: ['ana'], wrapping_up: ['bea'], no_device: ['carl'] } })
  expect(notFreeOf(one)).toEqual([
    { agent: 'ana', doing: 'busy' },
    { agent: 'bea', doing: 'wrapping_up' },
    { agent: 'dora', doing: 'paused', reason: 'lunch' },
    { agent: 'eva', doing: 'paused', reason: 'missed' },
    { agent: 'carl', doing: 'no_device' },
  ])
})

test('whoever is not named is counted, as in decisions of earlier versions', () => {
  const counts = { offered: 1, busy: 3, wrapping_up: 0, paused: 2 }
  expect(unnamedOf(routed({ not_free: counts }))).toEqual([
    { doing: 'busy', count: 3 },
    { doing: 'offered', count: 1 },
    { doing: 'paused', count: 2 },
  ])
  expect(unnamedOf(routed({ not_free: counts, others: { busy: ['ana'], offered: ['bea'], paused: { lunch: ['dora'] }, no_device: ['eva'] } }))).toEqual([{ doing: 'busy', count: 2 }])
})
