import { expect, test } from 'vitest'
import type { Disposition } from '@/api/types'
import { asRows, below } from './tree'

const node = (id: string, parent: string | null, position: number): Disposition => ({ id, parent, names: { en: id }, position, is_active: true })
const tree = [node('sales', null, 2), node('router', 'tech', 1), node('tech', null, 1), node('line', 'tech', 0), node('lost', 'nowhere', 9)]

test('branches come before their leaves, in their places', () => {
  expect(asRows(tree).map(({ node: { id }, depth }) => `${depth} ${id}`)).toEqual(['0 tech', '1 line', '1 router', '0 sales', '0 lost'])
})

test('a branch cannot be put below itself', () => {
  expect([...below(tree, 'tech')].toSorted()).toEqual(['line', 'router', 'tech'])
})
