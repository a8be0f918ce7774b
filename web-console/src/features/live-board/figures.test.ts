import { expect, test } from 'vitest'
import type { BoardQueue } from '@/live/protocol'
import { definitionOf, levelOf, levelOfAll, type ServiceLevel } from './figures'

function queue(numerator: number, denominator: number, more: Partial<ServiceLevel> = {}): BoardQueue {
  const level: ServiceLevel = { variant: 'strict', code: 'SL-3', threshold_ms_min: 20_000, threshold_ms_max: 20_000, numerator, denominator, basis_points: null, ...more }
  return { level_interval: level, level_today: level, service_level_secs: 30 } as BoardQueue
}

test('queues count by their own definition, and share its name only when it is one', () => {
  expect(levelOfAll([queue(1, 1), queue(1, 9)])).toEqual({ share: 0.2, definition: { code: 'SL-3', secs: '20' } })
  expect(levelOfAll([queue(1, 1), queue(1, 9, { variant: 'with_flow_outs', code: 'SL-6' })])).toEqual({ share: 0.2, definition: undefined })
  expect(levelOfAll([queue(1, 1), queue(1, 9, { threshold_ms_max: 30_000 })]).definition).toBeUndefined()
  expect(levelOfAll([])).toEqual({ share: undefined, definition: undefined })
})

test('where nobody came there is no level, and the threshold is the one that would hold', () => {
  const empty = queue(0, 0, { threshold_ms_min: null, threshold_ms_max: null })
  expect(levelOf(empty.level_interval)).toBeUndefined()
  expect(definitionOf(empty, empty.level_interval)).toEqual({ code: 'SL-3', secs: '30' })
  const changed = queue(1, 2, { threshold_ms_max: 30_000 })
  expect(definitionOf(changed, changed.level_interval)).toEqual({ code: 'SL-3', secs: '20–30' })
})
