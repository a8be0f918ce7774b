import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useCallback, useEffect } from 'react'
import { hasSignedOut, sessionQuery } from '@/api/session'

/** Leads to the sign-in page when the session ends; who did not end it is told so there, and led back. What it gives looks at the session again. */
export function useSessionWatch(): () => void {
  const client = useQueryClient()
  const router = useRouter()
  const { data: session } = useQuery(sessionQuery)
  useEffect(() => {
    if (session === null) void router.navigate({ to: '/login', search: hasSignedOut(client) ? {} : { to: router.state.location.href, ended: true } })
  }, [session, client, router])
  return useCallback(() => void client.fetchQuery({ ...sessionQuery, staleTime: 0, retry: false }).catch(() => {}), [client])
}
