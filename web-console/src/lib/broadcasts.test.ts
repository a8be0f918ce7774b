import { beforeEach, expect, test } from 'vitest'
import { understand, understood } from './broadcasts'

beforeEach(() => localStorage.clear())

test('what was understood is remembered once, and only so much of it', () => {
  understand('a')
  understand('b')
  understand('a')
  expect(understood()).toEqual(['b', 'a'])
  for (let i = 0; i < 100; i += 1) understand(String(i))
  expect(understood()).toHaveLength(50)
  expect(understood().at(-1)).toBe('99')
})
