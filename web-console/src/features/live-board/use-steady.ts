import { useEffect, useState } from 'react'

/** An alarm that does not flicker: on after `onMs` of trouble, off after `offMs` without. */
export function useSteady(isBad: boolean, onMs = 10_000, offMs = 30_000): boolean {
  const [isShown, setShown] = useState(isBad)
  useEffect(() => {
    if (isBad === isShown) return
    const timer = setTimeout(() => setShown(isBad), isBad ? onMs : offMs)
    return () => clearTimeout(timer)
  }, [isBad, isShown, onMs, offMs])
  return isShown
}
