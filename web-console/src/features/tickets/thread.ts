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

/** Oldest first; at the same moment the contact comes before what was written about it. */
export function threadOf(ticket: Pick<TicketView, 'entries' | 'interactions' | 'events'>): ThreadItem[] {
  const subjects = ticket.entries.filter((entry) => entry.kind === 'subject')
  const items: ThreadItem[] = [
    ...ticket.interactions.map((interaction) => ({ kind: 'interaction' as const, at: interaction.at, interaction })),
    ...ticket.entries.filter((entry) => entry.kind === 'comment').map((entry) => ({ kind: 'entry' as const, at: entry.at, entry })),
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
    case 'call_added':
    case 'sla_set':
    case 'sla_met':
      return undefined
  }
}
