// Hooks between the stores outside React and the views.
import { useSyncExternalStore } from 'react'
import { useStore } from 'zustand'
import { onTick, serverClock, tickCount } from '@/live/clock'
import { floorStore, type FloorState } from '@/live/stores/floor'

/** A part of the live floor; the view renders again only when that part changes. */
export function useFloor<T>(select: (state: FloorState) => T): T {
  return useStore(floorStore, select)
}

/** The server's time, once a second. */
export function useNow(): number {
  useSyncExternalStore(onTick, tickCount)
  return serverClock.now()
}

/** Whether commands can reach the server at this moment. */
export function useIsUp(): boolean {
  return useFloor((floor) => floor.connection.is === 'up')
}
