// A ticket's thread: what its page carries, and on demand the parts before it.
import { useState } from 'react'
import { api } from '@/api/client'
import type { ThreadView, TicketView } from '@/api/records'
import { joined, type ThreadPart } from './thread'

/** Items of each kind in one earlier part. */
const PART = 200

export function useThread(ticket: TicketView) {
  // The page's own part is kept with them: when the ticket grows, its page begins later, and nothing may be lost between.
  const [parts, setParts] = useState<readonly ThreadView[]>([])
  const [isLoading, setLoading] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const earlier = (parts.length === 0 ? ticket : parts.at(-1))?.earlier ?? null
  const thread: ThreadPart = joined([...parts, ticket])

  const showEarlier = async () => {
    if (earlier === null) return
    setLoading(true)
    setError(null)
    try {
      const part = await api.get<ThreadView>(`/tickets/${ticket.id}/thread`, { after: earlier, limit: PART })
      setParts((old) => [...(old.length === 0 ? [ticket] : old), part])
    } catch (problem) {
      setError(problem)
    } finally {
      setLoading(false)
    }
  }
  return { thread, hasEarlier: earlier !== null, isLoading, error, showEarlier }
}
