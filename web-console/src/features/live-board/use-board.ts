import { useCallback, useEffect, useSyncExternalStore } from 'react'
import { live } from '@/live/console'
import type { AgentView, BoardQueue, CallView, TrunkView } from '@/live/protocol'
import { boardStore } from '@/live/stores/board'

/** Asks the server for the board for as long as a page shows it. */
export function useWatchBoard(): void {
  useEffect(() => {
    live.watchBoard(true)
    return () => live.watchBoard(false)
  }, [])
}

const onList = (listener: () => void) => boardStore.onList(listener)

export function useBoardList(kind: 'queues' | 'agents' | 'calls' | 'trunks'): readonly string[] {
  return useSyncExternalStore(onList, () => boardStore.list(kind))
}

export function useBoardQueue(id: string): BoardQueue | undefined {
  return useSyncExternalStore(
    useCallback((listener) => boardStore.onRow('queues', id, listener), [id]),
    () => boardStore.queue(id),
  )
}

export function useBoardAgent(id: string): AgentView | undefined {
  return useSyncExternalStore(
    useCallback((listener) => boardStore.onRow('agents', id, listener), [id]),
    () => boardStore.agent(id),
  )
}

export function useBoardTrunk(id: string): TrunkView | undefined {
  return useSyncExternalStore(
    useCallback((listener) => boardStore.onRow('trunks', id, listener), [id]),
    () => boardStore.trunk(id),
  )
}

export function useBoardCall(id: string | null | undefined): CallView | undefined {
  return useSyncExternalStore(
    useCallback((listener) => (id == null ? () => {} : boardStore.onRow('calls', id, listener)), [id]),
    () => (id == null ? undefined : boardStore.call(id)),
  )
}
