import { expect, test } from 'vitest'
import { localTime, timeMistake } from './local-time'

test('a day and a time are one local time, and a day alone is its morning', () => {
  expect(localTime('2026-11-24', '10:30')).toBe('2026-11-24T10:30')
  expect(localTime('2026-11-24', '')).toBe('2026-11-24T09:00')
  expect(localTime('', '')).toBeNull()
})

test('only a time of the day is one', () => {
  expect(['', '00:00', '23:59'].map(timeMistake)).toEqual([false, false, false])
  expect(['24:00', '9:00', 'noon'].map(timeMistake)).toEqual([true, true, true])
})
