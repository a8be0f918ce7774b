import { expect, test } from 'vitest'
import { dayOf, dayParam, momentsOf } from './days'

test('what is no day is none', () => {
  expect(dayParam('2026-11-21')).toBe('2026-11-21')
  expect(dayParam('2026-13-45')).toBeUndefined()
  expect(dayParam('tomorrow')).toBeUndefined()
})

test('a span of days includes its last one', () => {
  const { from, to } = momentsOf({ from: '2026-11-20', to: '2026-11-21' })
  expect(Date.parse(String(to)) - Date.parse(String(from))).toBe(2 * 86_400_000)
  expect(new Date(String(from)).getHours()).toBe(0)
  expect(momentsOf({})).toEqual({ from: undefined, to: undefined })
})

test('the day of a moment is the one on the wall here', () => {
  expect(dayOf(new Date(2026, 0, 5, 23, 59))).toBe('2026-01-05')
})
