import { expect, test } from 'vitest'
import { daysOf, readContactSearch, readPromisedSearch, readReportSearch, reportQuery } from './search'

const TODAY = '2026-11-23'

test('an address of a report is read with care', () => {
  expect(readReportSearch({ view: 'balance', from: '2026-11-21', to: 'tomorrow', interval: 'quarter_hour', queue: 'support', agent: '' })).toEqual({ view: 'balance', from: '2026-11-21', interval: 'quarter_hour', queue: 'support' })
  expect(readReportSearch({ view: 'everything', interval: '7' })).toEqual({})
})

test('a report is of today unless days are named, and one day alone is both', () => {
  expect(daysOf({}, TODAY)).toEqual({ from: '2026-11-23', to: '2026-11-23' })
  expect(daysOf({ from: '2026-11-20' }, TODAY)).toEqual({ from: '2026-11-20', to: '2026-11-20' })
  const { from, to, interval } = reportQuery({ from: '2026-11-20', to: '2026-11-21' }, TODAY)
  expect(Date.parse(String(to)) - Date.parse(String(from))).toBe(2 * 86_400_000)
  expect(interval).toBe('day')
  expect(reportQuery({ interval: 'quarter_hour' }, TODAY)).toMatchObject({ interval: '15' })
})

test('queues and agents are asked for by their own keys', () => {
  const search = { queue: 'support', agent: 'ana' }
  expect(reportQuery({ ...search, view: 'agents' }, TODAY)).toMatchObject({ agent: 'ana' })
  expect(reportQuery({ ...search, view: 'agents' }, TODAY)).not.toHaveProperty('queue')
  expect(reportQuery({ ...search, view: 'balance' }, TODAY)).toMatchObject({ queue: 'support' })
})

test('contacts are those of moments, and of a figure that there is', () => {
  const from = '2026-11-23T10:00:00.000Z'
  expect(readContactSearch({ from, to: 'later', queue: 'support', outcome: 'abandoned_short' })).toEqual({ from, queue: 'support', outcome: 'abandoned_short' })
  expect(readContactSearch({ agent: 'ana', outcome: 'transfers_made' })).toEqual({ agent: 'ana', outcome: 'transfers_made' })
  expect(readContactSearch({ outcome: 'bored' })).toEqual({})
})

test('callbacks are those promised between moments, of a figure that there is', () => {
  const from = '2026-11-23T10:00:00.000Z'
  expect(readPromisedSearch({ from, to: 'later', queue: 'support', figure: 'from_line' })).toEqual({ from, queue: 'support', figure: 'from_line' })
  expect(readPromisedSearch({ figure: 'answered' })).toEqual({})
})
