// Another try at a number that was not reached: the same number, by the same line, out of the wrap-up of the last try.
import { notes } from '@/live/console'
import type { CallView } from '@/live/protocol'
import { numberToCallAgain } from './call-end'
import { placeCall } from './place-call'

/** Call it in a click; says whether the server took it. */
export async function callAgain(call: CallView): Promise<boolean> {
  const number = numberToCallAgain(call)
  if (number === null) return false
  // The new call ends the wrap-up, and that closes the notes.
  await notes.flush(call.id)
  return placeCall(number, call.party.customer ?? null)
}
