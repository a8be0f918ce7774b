import { expect, test } from 'vitest'
import { isNight } from './use-nightly-reload'

test('the night is from three until five on the wall clock', () => {
  const at = (hour: number, minute = 0) => isNight(new Date(2026, 10, 21, hour, minute))
  expect([at(2, 59), at(3), at(4, 59), at(5), at(15)]).toEqual([false, true, true, false, false])
})
