import { expect, test } from 'vitest'
import { offCount, thresholdText, totalOf, type QueueInterval } from './figures'

type Level = QueueInterval['service_level']

function line(numerator: number, denominator: number, level: Partial<Level> = {}): QueueInterval {
  const service_level: Level = { variant: 'strict', code: 'SL-3', threshold_ms_min: 20_000, threshold_ms_max: 20_000, numerator, denominator, basis_points: null, ...level }
  return { offered: denominator + 1, answered: denominator - 1, abandoned: 1, flowed_out: 1, service_level, within_180_s: { numerator, denominator, basis_points: null } } as QueueInterval
}

test('counts and the parts of ratios add up, and not percentages', () => {
  const total = totalOf([line(1, 1), line(1, 9)])
  expect(total).toMatchObject({ offered: 12, answered: 8, abandoned: 2, flowed_out: 2 })
  // 100 % and 11 % are 20 % together, and not 56 %.
  expect(total.level).toEqual({ code: 'SL-3', threshold_ms: 20_000, numerator: 2, denominator: 10 })
  expect(total.within_180_s).toEqual({ numerator: 2, denominator: 10 })
})

test('lines by different definitions or thresholds have no service level together', () => {
  expect(totalOf([line(1, 2), line(1, 2, { code: 'SL-4' })]).level).toBeUndefined()
  expect(totalOf([line(1, 2), line(1, 2, { threshold_ms_max: 30_000 })]).level).toBeUndefined()
  expect(totalOf([]).level).toBeUndefined()
  const onlyWaiting = line(0, 0, { code: 'SL-4', threshold_ms_min: null, threshold_ms_max: null })
  expect(totalOf([onlyWaiting, line(1, 2)]).level).toMatchObject({ code: 'SL-3', numerator: 1, denominator: 2 })
})

test('a threshold that changed within the interval is said from least to most', () => {
  expect(thresholdText({ threshold_ms_min: 20_000, threshold_ms_max: 20_000 })).toBe('20')
  expect(thresholdText({ threshold_ms_min: 20_000, threshold_ms_max: 30_000 })).toBe('20–30')
  expect(thresholdText({ threshold_ms_min: null, threshold_ms_max: null })).toBe('–')
})

test('lines that do not add up are counted', () => {
  expect(offCount([{ is_reconciled: true }, { is_reconciled: false }])).toBe(1)
})
