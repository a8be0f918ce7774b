import type { CallView } from '@/live/protocol'
import { useNow } from './use-live'

/** From here on the end of the wrap-up is near: it is said in words, colour and sound. */
const WRAP_UP_WARN_MS = 20_000

/** How long the wrap-up of this call goes on; `null` when none runs, or it has no end. */
export function useWrapUpLeft(call: CallView | undefined): { leftMs: number | null; isEnding: boolean } {
  const now = useNow()
  const until = call?.state.is === 'wrapping_up' ? (call.state.until ?? null) : null
  const leftMs = until === null ? null : Date.parse(until) - now
  return { leftMs, isEnding: leftMs !== null && leftMs < WRAP_UP_WARN_MS }
}
