import { expect, test } from 'vitest'
import type { Disposition } from '@/api/types'
import { favourites, leavesFor } from './favourites'

const node = (id: string, parent: string | null, position = 0, is_active = true): Disposition => ({ id, parent, names: { en: id }, position, is_active })
const tree = [node('tech', null, 1), node('router', 'tech', 2), node('line', 'tech', 1), node('old', 'tech', 0, false), node('billing', null, 0), node('refund', 'billing')]
const nameOf = (one: Disposition) => one.names.en ?? ''

test('leaves come in the order of the tree, with their way', () => {
  expect(leavesFor(tree, [], nameOf)).toEqual([
    { id: 'refund', name: 'refund', path: ['billing'] },
    { id: 'line', name: 'line', path: ['tech'] },
    { id: 'router', name: 'router', path: ['tech'] },
  ])
})

test('a queue offers its branches and leaves only', () => {
  expect(leavesFor(tree, ['tech'], nameOf).map((leaf) => leaf.id)).toEqual(['line', 'router'])
  expect(leavesFor(tree, ['refund'], nameOf).map((leaf) => leaf.id)).toEqual(['refund'])
})

test('a loop in the tree does not hang the page', () => {
  expect(leavesFor([node('a', 'b'), node('b', 'a')], [], nameOf)).toEqual([])
})

test('what is used most comes first, and nine at most', () => {
  const leaves = Array.from({ length: 12 }, (_, i) => ({ id: `d${i}`, name: `d${i}`, path: [] }))
  const quick = favourites(leaves, { d11: 3, d5: 1 })
  expect(quick.map((leaf) => leaf.id)).toEqual(['d11', 'd5', 'd0', 'd1', 'd2', 'd3', 'd4', 'd6', 'd7'])
})
