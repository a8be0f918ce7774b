import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect } from 'react'
import { sessionQuery } from '@/api/session'

/** Leads to the sign-in page when the session ends, and from there to `back`. What it gives looks at the session again. */
export function useSessionWatch(back?: string): () => void {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { data: session } = useQuery(sessionQuery)
  useEffect(() => {
    if (session === null) void navigate({ to: '/login', search: back === undefined ? {} : { to: back } })
  }, [session, back, navigate])
  return useCallback(() => void client.fetchQuery({ ...sessionQuery, staleTime: 0, retry: false }).catch(() => {}), [client])
}
