// What happened in a call, as lines to read: the stations of the menu that follow one another are one of them.
import type { Schemas } from '@/api/types'

type EventRecord = Schemas['EventRecord']

export interface StoryLine {
  record: EventRecord
  /** The stations of the menu, for a line about it. */
  nodes: readonly string[]
}

export function storyOf(events: readonly EventRecord[]): StoryLine[] {
  const lines: Array<{ record: EventRecord; nodes: string[] }> = []
  for (const record of events) {
    const node = record.area === 'call' && record.event.kind === 'ivr_entered' ? record.event.node : undefined
    const last = lines.at(-1)
    if (node === undefined) lines.push({ record, nodes: [] })
    else if (last && last.nodes.length > 0) last.nodes.push(node)
    else lines.push({ record, nodes: [node] })
  }
  return lines
}
