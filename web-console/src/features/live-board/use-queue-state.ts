// A queue with what a board says of it beyond its figures. The signs are steady: they do not flicker at a border.
import { useNow } from '@/lib/use-live'
import { longestWait } from './figures'
import { useBoardQueue } from './use-board'
import { useSteady } from './use-steady'

export function useQueueState(id: string) {
  const queue = useBoardQueue(id)
  const now = useNow()
  /** Of the caller who waits longest, in milliseconds. */
  const wait = queue ? longestWait(queue, now) : 0
  /** That caller waits longer than the queue promises. */
  const isLate = useSteady(queue !== undefined && wait > queue.service_level_secs * 1000)
  /** Callers wait and nobody is signed in. */
  const isUnmanned = useSteady(queue !== undefined && queue.live.waiting > 0 && queue.live.agents_signed_in === 0)
  return { queue, wait, isLate, isUnmanned }
}
