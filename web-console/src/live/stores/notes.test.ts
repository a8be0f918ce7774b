import { beforeEach, expect, test } from 'vitest'
import { HandClock } from '@/testing/fake-server'
import { NotesDrafts, SAVE_AFTER_MS } from './notes'

class FakeStorage {
  readonly map = new Map<string, string>()
  get length(): number {
    return this.map.size
  }
  key(i: number): string | null {
    return [...this.map.keys()][i] ?? null
  }
  getItem(key: string): string | null {
    return this.map.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.map.set(key, value)
  }
  removeItem(key: string): void {
    this.map.delete(key)
  }
}

let clock: HandClock
let storage: FakeStorage
let isServerThere: boolean
let saved: string[]
let notes: NotesDrafts

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0))
const fresh = () =>
  new NotesDrafts({
    save: (_, text) => {
      if (isServerThere) saved.push(text)
      return Promise.resolve(isServerThere)
    },
    setTimer: clock.setTimer,
    clearTimer: clock.clearTimer,
    now: () => clock.now,
    storage,
  })

beforeEach(() => {
  clock = new HandClock()
  storage = new FakeStorage()
  isServerThere = true
  saved = []
  notes = fresh()
})

test('typing is saved once it pauses, with the last text', async () => {
  notes.type('c1', 'H')
  clock.forward(SAVE_AFTER_MS - 1)
  notes.type('c1', 'Hello')
  clock.forward(SAVE_AFTER_MS)
  await settle()
  expect(saved).toEqual(['Hello'])
  expect(notes.store.getState().get('c1')).toEqual({ text: 'Hello', save: 'saved' })
  expect(storage.length).toBe(0)
})

test('without the server the text stays here and goes out when it is back', async () => {
  isServerThere = false
  notes.type('c1', 'kept')
  clock.forward(SAVE_AFTER_MS)
  await settle()
  expect(notes.store.getState().get('c1')?.save).toBe('unsaved')
  isServerThere = true
  notes.retry()
  clock.forward(SAVE_AFTER_MS)
  await settle()
  expect(saved).toEqual(['kept'])
})

test('a reload in the middle of a word loses nothing', async () => {
  notes.type('c1', 'half a wor')
  const afterReload = fresh()
  afterReload.restore('c1', 'half')
  expect(afterReload.store.getState().get('c1')?.text).toBe('half a wor')
  clock.forward(SAVE_AFTER_MS)
  await settle()
  expect(saved.at(-1)).toBe('half a wor')
})

test('a reconnection does not overwrite what is being typed', () => {
  notes.type('c1', 'newer')
  notes.restore('c1', 'older')
  expect(notes.store.getState().get('c1')?.text).toBe('newer')
})

test('finishing saves at once', async () => {
  notes.type('c1', 'done')
  expect(await notes.flush('c1')).toBe(true)
  expect(saved).toEqual(['done'])
})

test('drafts of yesterday are swept away, those of today are not', () => {
  isServerThere = false
  notes.type('old', 'x')
  clock.forward(25 * 3_600_000)
  notes.type('new', 'y')
  notes.sweep()
  expect([...storage.map.keys()]).toEqual(['centralita.notes.new'])
})
