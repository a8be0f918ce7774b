// Lists that several pages need.
import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { AgentProfile, Disposition, Page, PauseReason, PublishedLine, Queue, Schemas, SharedPrompt } from './types'

const MINUTE_MS = 60_000

export const queuesQuery = queryOptions({
  queryKey: ['queues'],
  queryFn: ({ signal }) => api.get<Page<Queue>>('/queues', {}, signal).then((page) => page.items),
  staleTime: MINUTE_MS,
})

/** How long one waits in each queue at this moment. */
export const queueWaitsQuery = queryOptions({
  queryKey: ['queue-waits'],
  queryFn: ({ signal }) => api.get<Schemas['QueueWait'][]>('/queue-waits', {}, signal),
  staleTime: 0,
  refetchInterval: 5_000,
})

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: ({ signal }) => api.get<Page<AgentProfile>>('/agents', {}, signal).then((page) => page.items),
  staleTime: MINUTE_MS,
})

export const linesQuery = queryOptions({
  queryKey: ['lines'],
  queryFn: ({ signal }) => api.get<Page<PublishedLine>>('/lines', {}, signal).then((page) => page.items),
  staleTime: MINUTE_MS,
})

export const promptsQuery = queryOptions({
  queryKey: ['prompts'],
  queryFn: ({ signal }) => api.get<Page<SharedPrompt>>('/prompts', {}, signal).then((page) => page.items),
  staleTime: MINUTE_MS,
})

/** What queues can play to those who wait, by name. */
export const musicQuery = queryOptions({
  queryKey: ['music'],
  queryFn: ({ signal }) => api.get<string[]>('/music', {}, signal),
  staleTime: MINUTE_MS,
})

export const dispositionsQuery = queryOptions({
  queryKey: ['dispositions'],
  queryFn: ({ signal }) => api.get<Page<Disposition>>('/dispositions', {}, signal).then((page) => page.items),
  staleTime: MINUTE_MS,
})

export const pauseReasonsQuery = queryOptions({
  queryKey: ['pause-reasons'],
  queryFn: ({ signal }) => api.get<Page<PauseReason>>('/pause-reasons', {}, signal).then((page) => page.items),
  staleTime: MINUTE_MS,
})

/** A text that the server holds per language, in the one asked for or in any. */
export function inLanguage(texts: Readonly<Record<string, string>>, language: string): string {
  return texts[language] ?? texts.en ?? Object.values(texts)[0] ?? ''
}
