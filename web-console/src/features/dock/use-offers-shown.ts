// Tells the server that offered calls are on the screen. A page that hangs tells nothing, and its calls go on to somebody else.
import { useEffect } from 'react'
import { live } from '@/live/console'
import { useFloor, useIsUp } from '@/lib/use-live'

export function useOffersShown(): void {
  const isUp = useIsUp()
  const isAgent = useFloor((floor) => floor.agent !== null)
  // One string, so that what else changes about a call tells nothing anew.
  const offered = useFloor((floor) => floor.calls.filter((call) => call.state.is === 'offered').map((call) => call.id).join(' '))
  useEffect(() => {
    if (isUp && isAgent) void live.command({ do: 'shows_offers' })
  }, [isUp, isAgent])
  useEffect(() => {
    if (!isUp) return
    for (const call of offered.split(' ').filter(Boolean)) void live.command({ do: 'offer_shown', call })
  }, [isUp, offered])
}
