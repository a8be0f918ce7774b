// What supervisors tell agents, and what this browser's user has understood already.
import { queryOptions } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { Page, Schemas } from '@/api/types'
import { readSetting, writeSetting } from './storage'

export type Broadcast = Schemas['BroadcastLine']

export const BROADCAST_CHARS_MAX = 280
/** Longest time that one is shown, in minutes. */
export const BROADCAST_MINUTES_MAX = 1_440
/** Those remembered as understood; the server shows fewer at a time. */
const UNDERSTOOD_MAX = 50

export const broadcastsQuery = queryOptions({
  queryKey: ['broadcasts'],
  queryFn: ({ signal }) => api.get<Page<Broadcast>>('/broadcasts', {}, signal).then((page) => page.items),
  staleTime: 60_000,
})

export function understood(): readonly string[] {
  return (readSetting('broadcasts_understood') ?? '').split(',').filter((id) => id !== '')
}

export function understand(id: string): void {
  writeSetting('broadcasts_understood', [...understood().filter((one) => one !== id), id].slice(-UNDERSTOOD_MAX).join(','))
}
