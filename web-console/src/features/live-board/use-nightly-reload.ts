import { useEffect } from 'react'
import { useFloor, useNow } from '@/lib/use-live'

/** Hours in which nobody looks, by the clock on the wall. */
const NIGHT = { from: 3, until: 5 }

export function isNight(at: Date): boolean {
  return at.getHours() >= NIGHT.from && at.getHours() < NIGHT.until
}

/** A screen that nobody touches for months takes the new version of the console by itself, at night. */
export function useNightlyReload(): void {
  const isOld = useFloor((floor) => floor.build !== null && floor.build !== floor.pageBuild)
  const now = useNow()
  const isTime = isOld && isNight(new Date(now))
  useEffect(() => {
    if (isTime) location.reload()
  }, [isTime])
}
