// Calling somebody, from wherever the number stands.
import { failureText } from '@/api/problem-text'
import { live } from '@/live/console'
import { phone } from '@/phone/softphone'
import { showToast } from '@/ui'

/** How long a call waits for the microphone before the server is asked. */
const AUDIO_MS_MAX = 4_000

/** The agent's side first. Call it in a click; says whether the server took it. */
export async function placeCall(number: string, customer: string | null): Promise<boolean> {
  await phone.startShift()
  await phone.whenReady(AUDIO_MS_MAX)
  const failure = await live.command({ do: 'dial', number, customer })
  if (failure) showToast({ tone: 'bad', text: failureText(failure) })
  return failure === null
}
