// Which dispositions an agent sees as buttons: those used most in this browser, per queue; the tree's first ones until then.
import type { Disposition } from '@/api/types'
import { readSetting, writeSetting } from '@/lib/storage'

export const FAVOURITES_MAX = 9
/** Counts kept per queue; the least used make room. */
const COUNTED_MAX = 40

type Counts = Record<string, number>

export function countUse(queue: string, disposition: string): void {
  const counts = readCounts(queue)
  counts[disposition] = (counts[disposition] ?? 0) + 1
  const kept = Object.entries(counts)
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, COUNTED_MAX)
  writeSetting(`dispositions.${queue}`, JSON.stringify(Object.fromEntries(kept)))
}

export function readCounts(queue: string): Counts {
  try {
    const json: unknown = JSON.parse(readSetting(`dispositions.${queue}`) ?? '{}')
    if (typeof json !== 'object' || json === null) return {}
    return Object.fromEntries(Object.entries(json).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
  } catch {
    return {}
  }
}

/** A leaf with its way down the tree. */
export interface Leaf {
  id: string
  name: string
  /** Names of the branches above, top first. */
  path: readonly string[]
}

/** The leaves that a queue offers (its branches and leaves, or the whole tree), in the order of the tree. */
export function leavesFor(tree: readonly Disposition[], offered: readonly string[], nameOf: (disposition: Disposition) => string): Leaf[] {
  const children = new Map<string | null, Disposition[]>()
  for (const node of tree) {
    if (!node.is_active) continue
    const siblings = children.get(node.parent ?? null) ?? []
    siblings.push(node)
    children.set(node.parent ?? null, siblings)
  }
  const leaves: Leaf[] = []
  const descend = (parent: string | null, path: readonly string[], isOffered: boolean, depth: number): void => {
    // The bound also ends a loop that a bad import might contain.
    if (depth > 8) return
    for (const node of (children.get(parent) ?? []).toSorted((a, b) => a.position - b.position)) {
      const isIn = isOffered || offered.includes(node.id)
      if (children.has(node.id)) descend(node.id, [...path, nameOf(node)], isIn, depth + 1)
      else if (isIn) leaves.push({ id: node.id, name: nameOf(node), path })
    }
  }
  descend(null, [], offered.length === 0, 0)
  return leaves
}

/** The most used first, then the tree's order; at most nine, since they have the digits. */
export function favourites(leaves: readonly Leaf[], counts: Counts): Leaf[] {
  return leaves
    .map((leaf, place) => ({ leaf, place, uses: counts[leaf.id] ?? 0 }))
    .toSorted((a, b) => b.uses - a.uses || a.place - b.place)
    .slice(0, FAVOURITES_MAX)
    .map(({ leaf }) => leaf)
}
