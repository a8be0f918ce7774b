// What was said and done on a ticket, in one row of time.
import type { TicketEntry, TicketView } from '@/api/records'
import type { Interaction, Schemas } from '@/api/types'

type EventRecord = Schemas['EventRecord']
/** What a ticket went through, as its line in the thread tells it. */
export type TicketChange = Extract<Schemas['TicketEvent'], { kind: 'opened' | 'moved' | 'assigned' | 'changed' | 'sla_breached' }>

export type ThreadItem =
  | { kind: 'entry'; at: string; entry: TicketEntry }
  | { kind: 'interaction'; at: string; interaction: Interaction }
  | { kind: 'change'; at: string; by: string; change: TicketChange; /** The subject as it was before. */ subject?: string }

export type ThreadPart = Pick<TicketView, 'entries' | 'interactions' | 'events'>

/** Stretches of one thread as one, each item once; what they share is taken from the last. */
export function joined(parts: readonly ThreadPart[]): ThreadPart {
  const once = <T>(items: readonly T[], keyOf: (item: T) => string) => [...new Map(items.map((item) => [keyOf(item), item])).values()]
  const byTime = <T extends { at: string }>(items: T[]) => items.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  return {
    entries: byTime(once(parts.flatMap((part) => part.entries), (entry) => entry.id)),
    events: byTime(once(parts.flatMap((part) => part.events), (record) => `${record.node} ${record.seq}`)),
    interactions: byTime(once(parts.flatMap((part) => part.interactions), (interaction) => interaction.id)),
  }
}

/** Oldest first; at the same moment the contact comes before what was written about it. */
export function threadOf(ticket: ThreadPart): ThreadItem[] {
  const subjects = ticket.entries.filter((entry) => entry.kind === 'subject')
  const items: ThreadItem[] = [
    ...ticket.interactions.map((interaction) => ({ kind: 'interaction' as const, at: interaction.at, interaction })),
    ...ticket.entries.filter((entry) => entry.kind === 'comment' || entry.kind === 'customer').map((entry) => ({ kind: 'entry' as const, at: entry.at, entry })),
    ...ticket.events.flatMap((record) => {
      const change = changeOf(record)
      if (!change) return []
      // Words do not stand in events, so the old subject comes from the entries; older events have none there.
      const subject = change.kind === 'changed' && change.is_subject === true && change.before ? subjects.shift()?.text : undefined
      return [{ kind: 'change' as const, at: record.at, by: record.actor.by === 'user' ? record.actor.user : record.actor.by, change, ...(subject === undefined ? {} : { subject }) }]
    }),
  ]
  return items.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
}

function changeOf(record: EventRecord): TicketChange | undefined {
  if (record.area !== 'ticket') return undefined
  const { event } = record
  switch (event.kind) {
    case 'opened':
    case 'moved':
    case 'assigned':
    case 'changed':
    case 'sla_breached':
      return event
    // Told elsewhere: the words and the calls stand in the thread themselves, the clocks beside it.
    case 'commented':
    case 'customer_wrote':
    case 'call_added':
    case 'sla_set':
    case 'sla_met':
      return undefined
  }
}
