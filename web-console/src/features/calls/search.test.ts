import { expect, test } from 'vitest'
import { callQuery, dayOf, readCallSearch } from './search'

test('an address of the history is read with care', () => {
  expect(readCallSearch({ q: 911000001, from: '2026-11-21', to: 'tomorrow', outcome: 'abandoned', direction: 'up' })).toEqual({ q: '911000001', from: '2026-11-21', outcome: 'abandoned' })
})

test('a span of days includes its last one', () => {
  const query = callQuery({ from: '2026-11-20', to: '2026-11-21' })
  expect(Date.parse(String(query.to)) - Date.parse(String(query.from))).toBe(2 * 86_400_000)
  expect(new Date(String(query.from)).getHours()).toBe(0)
})

test('the day of a moment is the one on the wall here', () => {
  expect(dayOf(new Date(2026, 0, 5, 23, 59))).toBe('2026-01-05')
})
