// Which lane of a ladder a message leaves and reaches. Ours is one lane whatever socket it passed; every other address has its own.
import type { SignallingMessage } from '@/api/records'

export interface Lane {
  /** Our server, not one of the others. */
  isOurs: boolean
  /** Its address and port; of ours the first that was used. */
  address: string
}

export interface Ladder {
  lanes: readonly Lane[]
  arrows: readonly Arrow[]
}

export interface Arrow {
  message: SignallingMessage
  /** Places among the lanes. */
  from: number
  to: number
  /** Milliseconds since the message before it, where it is long enough to be told. */
  pauseMs: number | null
}

/** A pause that is shown as one. */
const PAUSE_MS = 1_000

/** Lanes in the order in which they come into play, with ours right of whoever began. */
export function ladderOf(messages: readonly SignallingMessage[]): Ladder {
  const others: string[] = []
  let ours = ''
  for (const message of messages) {
    const [mine, theirs] = message.is_inbound ? [message.destination, message.source] : [message.source, message.destination]
    ours ||= mine
    if (!others.includes(theirs)) others.push(theirs)
  }
  const lanes: Lane[] = others.map((address) => ({ isOurs: false, address }))
  if (messages.length > 0) lanes.splice(1, 0, { isOurs: true, address: ours })
  const us = lanes.findIndex((lane) => lane.isOurs)
  const place = (address: string) => lanes.findIndex((lane) => !lane.isOurs && lane.address === address)
  const arrows = messages.map((message, at): Arrow => {
    const before = messages[at - 1]
    const pauseMs = before ? (message.offset_us - before.offset_us) / 1_000 : 0
    const [from, to] = message.is_inbound ? [place(message.source), us] : [us, place(message.destination)]
    return { message, from, to, pauseMs: pauseMs >= PAUSE_MS ? pauseMs : null }
  })
  return { lanes, arrows }
}

/** How a message stands in the ladder: a request, or a response by what it says (RFC 3261 7.2). */
export type Mood = 'request' | 'progress' | 'success' | 'redirection' | 'failure'

export function moodOf({ status }: SignallingMessage): Mood {
  if (status == null) return 'request'
  if (status < 200) return 'progress'
  if (status < 300) return 'success'
  return status < 400 ? 'redirection' : 'failure'
}

/** `INVITE`, `200 OK`. */
export function titleOf({ method, status, reason }: SignallingMessage): string {
  return status == null ? (method ?? '?') : `${status} ${reason ?? ''}`.trim()
}

/** What a response answers: the method of its CSeq. */
export function answeredOf({ status, cseq }: SignallingMessage): string | null {
  return status == null ? null : (cseq.split(/\s+/)[1] ?? null)
}
