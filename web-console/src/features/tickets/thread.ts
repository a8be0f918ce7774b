// What was said and done on a ticket, in one row of time.
import type { TicketEntry, TicketView } from '@/api/records'
import type { Interaction } from '@/api/types'

export type ThreadItem = { kind: 'entry'; at: string; entry: TicketEntry } | { kind: 'interaction'; at: string; interaction: Interaction }

/** Oldest first; at the same moment the contact comes before what was written about it. */
export function threadOf(ticket: Pick<TicketView, 'entries' | 'interactions'>): ThreadItem[] {
  const items: ThreadItem[] = [
    ...ticket.interactions.map((interaction) => ({ kind: 'interaction' as const, at: interaction.at, interaction })),
    ...ticket.entries.map((entry) => ({ kind: 'entry' as const, at: entry.at, entry })),
  ]
  return items.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
}
