// What a move asks for before it is made.
import type { MoveOption } from '@/api/records'

export type Rank = 'agent' | 'supervisor' | 'administrator'

export interface Asks {
  reason: boolean
  /** The least role of who may make it, where that holds this user back. */
  role: Rank | undefined
  /** Facts that the ticket does not have yet: `owner`, `queue`, `customer`, `disposition`, `field.<key>`. */
  facts: readonly string[]
}

/** What the form of a move holds. */
export interface Given {
  reason: string
  owner: string | null
  disposition: string | null
  fields: Record<string, string | null>
}

export const NOTHING_GIVEN: Given = { reason: '', owner: null, disposition: null, fields: {} }

export function asksOf(option: Pick<MoveOption, 'guards' | 'held_by'>): Asks {
  const facts: string[] = []
  let role: Rank | undefined
  for (const hold of option.held_by) {
    switch (hold.guard) {
      case 'role':
        role = hold.needs
        break
      case 'missing':
        facts.push(hold.what)
        break
    }
  }
  return { reason: option.guards.needs_reason, role, facts }
}

/** Queue and customer are set on the page itself: they decide more than this move. */
export function canBeGiven(what: string): boolean {
  return what === 'owner' || what === 'disposition' || what.startsWith('field.')
}

export function isSatisfied(asks: Asks, given: Given): boolean {
  if (asks.role !== undefined || (asks.reason && given.reason.trim() === '')) return false
  return asks.facts.every((what) => {
    if (what === 'owner') return given.owner !== null
    if (what === 'disposition') return given.disposition !== null
    return what.startsWith('field.') && (given.fields[what.slice('field.'.length)] ?? '') !== ''
  })
}
