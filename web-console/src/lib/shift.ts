// Going on shift, from wherever the button is.
import { failureText } from '@/api/problem-text'
import { live } from '@/live/console'
import { phone } from '@/phone/softphone'
import { showToast } from '@/ui'

/** How long "ready" waits for the audio before the server is asked. */
const AUDIO_MS_MAX = 4_000

/** Sound and microphone first, since the server offers calls only to agents who can hear them. Call it in a click. */
export async function becomeReady(): Promise<boolean> {
  await phone.startShift()
  await phone.whenReady(AUDIO_MS_MAX)
  const failure = await live.command({ do: 'set_presence', wanted: { state: 'ready' } })
  if (failure) showToast({ tone: 'bad', text: failureText(failure) })
  return failure === null
}
