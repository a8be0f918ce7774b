// Which disposition was chosen for which call. The server has it; this is what the buttons show, also after a reload.
import { createStore } from 'zustand/vanilla'
import { floorStore } from '@/live/stores/floor'

const STORAGE_KEY = 'centralita.disposed'

export const chosenDispositions = createStore<ReadonlyMap<string, string>>(() => read())

chosenDispositions.subscribe((map) => {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify([...map]))
  } catch {
    // Without storage the choice is shown until the next reload.
  }
})

// What is no longer on the desk is forgotten.
floorStore.subscribe(({ calls, former, hasFloor }) => {
  const map = chosenDispositions.getState()
  if (!hasFloor || map.size === 0) return
  const kept = [...map].filter(([call]) => former?.call.id === call || calls.some((one) => one.id === call))
  if (kept.length < map.size) chosenDispositions.setState(new Map(kept), true)
})

function read(): ReadonlyMap<string, string> {
  try {
    const json: unknown = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? '[]')
    const isPair = (entry: unknown): entry is [string, string] => Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === 'string')
    return new Map(Array.isArray(json) ? json.filter(isPair) : [])
  } catch {
    return new Map()
  }
}
