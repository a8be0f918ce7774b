import { useEffect, useState } from 'react'
import { serverClock } from '@/live/clock'

/** Rows change places at most this often: what moves cannot be read. */
const REORDER_MS = 5_000

/** The ids in the order of need, sorted again every five seconds and when the list itself changes. */
export function useSlowOrder(ids: readonly string[], orderAt: (now: number) => (a: string, b: string) => number): readonly string[] {
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTurn((count) => count + 1), REORDER_MS)
    return () => clearInterval(timer)
  }, [])
  const [ordered, setOrdered] = useState(() => ids.toSorted(orderAt(serverClock.now())))
  const [seen, setSeen] = useState({ ids, turn })
  if (seen.ids !== ids || seen.turn !== turn) {
    setSeen({ ids, turn })
    setOrdered(ids.toSorted(orderAt(serverClock.now())))
  }
  return ordered
}
