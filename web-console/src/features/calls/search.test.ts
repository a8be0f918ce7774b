import { expect, test } from 'vitest'
import { readCallSearch } from './search'

test('an address of the history is read with care', () => {
  expect(readCallSearch({ q: 911000001, from: '2026-11-21', to: 'tomorrow', outcome: 'abandoned', direction: 'up', answer: 'machine' })).toEqual({ q: '911000001', from: '2026-11-21', outcome: 'abandoned', answer: 'machine' })
})
