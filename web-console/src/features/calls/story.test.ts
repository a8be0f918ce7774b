import { expect, test } from 'vitest'
import type { Schemas } from '@/api/types'
import { storyOf } from './story'

const at = (seq: number, event: object) => ({ node: 'n1', seq, at: `2026-11-21T10:00:0${seq}.000Z`, actor: { by: 'system' }, area: 'call', event: { call: 'c', ...event } }) as Schemas['EventRecord']

test('stations of the menu that follow one another are one line, with the time of the first', () => {
  const lines = storyOf([
    at(1, { kind: 'arrived', number: '1000' }),
    at(2, { kind: 'ivr_entered', line: 'main-menu', node: 'who' }),
    at(3, { kind: 'identified', matches: 1 }),
    at(4, { kind: 'ivr_entered', line: 'main-menu', node: 'welcome-back' }),
    at(5, { kind: 'ivr_entered', line: 'main-menu', node: 'menu' }),
    at(6, { kind: 'queued', queue: 'support', reason: null }),
  ])
  expect(lines.map(({ record, nodes }) => [record.seq, ...nodes])).toEqual([[1], [2, 'who'], [3], [4, 'welcome-back', 'menu'], [6]])
})
