// The workflow of tickets as it holds now, and what it calls things.
import { useQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { WorkflowView } from '@/api/records'
import type { TicketType } from '@/api/types'

export function useWorkflow() {
  return useQuery({ queryKey: ['ticket-workflow'], queryFn: ({ signal }) => api.get<WorkflowView>('/ticket-workflow', {}, signal), staleTime: 60_000 })
}

/** A name in the language, else in any. */
export function textIn(names: Readonly<Record<string, string>>, language: string): string | undefined {
  return names[language] ?? Object.values(names)[0]
}

/** What the workflow calls a state; `undefined` where the category says it. */
export function stateName(workflow: WorkflowView | undefined, type: TicketType, status: string, language: string): string | undefined {
  const state = workflow?.workflow.types[type]?.states.find((one) => one.key === status)
  if (!state) return undefined
  return textIn(state.names, language) ?? (state.key === state.category ? undefined : state.key)
}
