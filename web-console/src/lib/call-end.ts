// What there is to say about a call that is over, and whether another try makes sense.
import type { CallView, EndCause } from '@/live/protocol'

/** Whether a call that ended so needs a word: hanging up and a flow's own end are how calls end. */
export function isNews(cause: EndCause): boolean {
  return cause !== 'hangup' && cause !== 'finished'
}

/** Why the call that is being wrapped up came to nothing or broke off; `null` when it ended as calls do. */
export function endToTell(call: CallView): EndCause | null {
  if (call.state.is !== 'wrapping_up') return null
  return call.end_cause && isNews(call.end_cause) ? call.end_cause : null
}

/** The number of a dialled call that reached nobody. What was dialled and is no number for E.164, an extension, is the label. */
export function numberToCallAgain(call: CallView): string | null {
  if (call.direction !== 'outbound' || call.connected_at) return null
  return call.party.number ?? call.party.label ?? null
}

/** Whether the server would take another try: the dialled call is over and reached nobody. */
export function canCallAgain(call: CallView): boolean {
  return (call.state.is === 'wrapping_up' || call.state.is === 'over') && numberToCallAgain(call) !== null
}

/** Whether these calls leave their agent free to dial. */
export function isFreeToDial(calls: readonly CallView[]): boolean {
  return calls.every(canCallAgain)
}
