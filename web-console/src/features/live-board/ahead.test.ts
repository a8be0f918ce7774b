import { expect, test } from 'vitest'
import { aheadMost, aheadSecs } from './ahead'

test('minutes and seconds within a day are taken, and nothing else', () => {
  expect(aheadSecs(' 2 ', 'minutes')).toBe(120)
  expect(aheadSecs('45', 'seconds')).toBe(45)
  expect(aheadSecs('1440', 'minutes')).toBe(86_400)
  for (const wrong of ['', '0', '-1', '1.5', 'two', '1441']) expect(aheadSecs(wrong, 'minutes')).toBeNull()
  expect(aheadSecs('86401', 'seconds')).toBeNull()
})

test('the most that is taken is a day in each unit', () => {
  for (const unit of ['minutes', 'seconds'] as const) expect(aheadSecs(String(aheadMost(unit)), unit)).toBe(86_400)
})
