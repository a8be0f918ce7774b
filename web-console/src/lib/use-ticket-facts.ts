import { useEffect, useRef } from 'react'
import type { TicketLine } from '@/api/types'
import { live } from '@/live/console'

/** Calls `onTicket` with every ticket that changes while the view is there. */
export function useTicketFacts(onTicket: (ticket: TicketLine) => void): void {
  const latest = useRef(onTicket)
  useEffect(() => {
    latest.current = onTicket
  })
  useEffect(
    () =>
      live.onMessage((message) => {
        if (message.t === 'fact' && message.ticket) latest.current(message.ticket)
      }),
    [],
  )
}
