// Who is signed in. One query for the whole page; a 401 from anywhere ends up at the sign-in page.
import { queryOptions, type QueryClient } from '@tanstack/react-query'
import { ApiProblem, api } from './client'

export type Role = 'agent' | 'supervisor' | 'administrator'

/** As the server's `SessionView` says it. */
export interface Session {
  user: string
  name: string
  role: Role
  permissions: readonly string[]
  /** Language of the console, until this browser has a choice of its own. */
  language: string
  /** The user's agent, if the user takes calls. */
  agent?: string | null
  centre_name: string
  is_sample: boolean
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    try {
      return await api.get<Session>('/session')
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null
      throw error
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
})

/** Held while nobody is signed in because the user wanted it so. */
const SIGNED_OUT = ['signed-out']

export async function signIn(client: QueryClient, user: string, password: string): Promise<void> {
  await api.post('/session', { user, password })
  // What the one before was shown is not for this one.
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionQuery.queryKey[0] })
  client.removeQueries({ queryKey: SIGNED_OUT })
  await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
}

export async function signOut(client: QueryClient): Promise<void> {
  await api.delete('/session').catch((error: unknown) => {
    // Already gone: that is what was asked.
    if (!(error instanceof ApiProblem && error.status === 401)) throw error
  })
  client.clear()
  client.setQueryData(SIGNED_OUT, true)
  client.setQueryData(sessionQuery.queryKey, null)
}

/** Whether the session was ended here, by hand, and not by time, by somebody else or by a new password. */
export function hasSignedOut(client: QueryClient): boolean {
  return client.getQueryData(SIGNED_OUT) === true
}

export function isSupervisor(role: Role): boolean {
  return role === 'supervisor' || role === 'administrator'
}
