// Notes of calls: what is typed is kept in this browser at once and on the server half a second later. Nothing typed is lost
// by a reload, a lost connection or the end of the wrap-up.
import { createStore } from 'zustand/vanilla'

export const SAVE_AFTER_MS = 500
export const NOTES_CHARS_MAX = 10_000
/** Drafts of calls that ended while offline are kept this long. */
const DRAFT_MS_MAX = 24 * 3_600_000
const STORAGE_PREFIX = 'centralita.notes.'

export type SaveState = 'saved' | 'typing' | 'saving' | 'unsaved'

export interface Draft {
  text: string
  save: SaveState
}

export interface NotesWorld {
  /** Whether the server took them. */
  save(call: string, notes: string): Promise<boolean>
  setTimer(run: () => void, ms: number): number
  clearTimer(id: number): void
  now(): number
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>
}

export class NotesDrafts {
  readonly store = createStore<ReadonlyMap<string, Draft>>(() => new Map())
  private readonly timers = new Map<string, number>()

  constructor(private readonly world: NotesWorld) {}

  /** What `hello` says was saved. A newer draft of this browser goes before it and is sent again. */
  restore(call: string, saved: string): void {
    const local = this.readLocal(call)
    if (local !== undefined && local !== saved) {
      this.put(call, { text: local, save: 'unsaved' })
      this.schedule(call)
    } else if (this.store.getState().get(call)?.save !== 'typing') {
      this.put(call, { text: saved, save: 'saved' })
    }
  }

  type(call: string, text: string): void {
    const kept = text.slice(0, NOTES_CHARS_MAX)
    this.put(call, { text: kept, save: 'typing' })
    this.writeLocal(call, kept)
    this.schedule(call)
  }

  /** Saves at once what still waits, for example before the wrap-up is closed. */
  async flush(call: string): Promise<boolean> {
    this.cancel(call)
    const draft = this.store.getState().get(call)
    if (!draft || draft.save === 'saved') return true
    return this.send(call)
  }

  /** The connection is back. */
  retry(): void {
    for (const [call, draft] of this.store.getState()) if (draft.save === 'unsaved') this.schedule(call)
  }

  /** The call is gone from the desk; what was saved need not be kept here. */
  forget(call: string): void {
    this.cancel(call)
    const drafts = new Map(this.store.getState())
    const isSaved = drafts.get(call)?.save === 'saved'
    drafts.delete(call)
    this.store.setState(drafts, true)
    if (isSaved) this.world.storage.removeItem(STORAGE_PREFIX + call)
  }

  /** Removes drafts of long ago. */
  sweep(): void {
    const storage = this.world.storage
    const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i))
    for (const key of keys) {
      if (!key?.startsWith(STORAGE_PREFIX)) continue
      const at = parseStored(storage.getItem(key))?.at ?? 0
      if (this.world.now() - at > DRAFT_MS_MAX) storage.removeItem(key)
    }
  }

  private schedule(call: string): void {
    this.cancel(call)
    this.timers.set(call, this.world.setTimer(() => void this.send(call), SAVE_AFTER_MS))
  }

  private cancel(call: string): void {
    const timer = this.timers.get(call)
    if (timer !== undefined) this.world.clearTimer(timer)
    this.timers.delete(call)
  }

  private async send(call: string): Promise<boolean> {
    const draft = this.store.getState().get(call)
    if (!draft) return true
    this.put(call, { ...draft, save: 'saving' })
    const isTaken = await this.world.save(call, draft.text)
    const now = this.store.getState().get(call)
    // Typed on in the meantime: the timer of that keystroke sends the rest.
    if (!now || now.text !== draft.text || now.save === 'typing') return isTaken
    this.put(call, { text: now.text, save: isTaken ? 'saved' : 'unsaved' })
    if (isTaken) this.world.storage.removeItem(STORAGE_PREFIX + call)
    return isTaken
  }

  private put(call: string, draft: Draft): void {
    this.store.setState(new Map(this.store.getState()).set(call, draft), true)
  }

  private readLocal(call: string): string | undefined {
    return parseStored(this.world.storage.getItem(STORAGE_PREFIX + call))?.text
  }

  private writeLocal(call: string, text: string): void {
    try {
      this.world.storage.setItem(STORAGE_PREFIX + call, JSON.stringify({ text, at: this.world.now() }))
    } catch {
      // A full or forbidden storage: the server's copy half a second later has to do.
    }
  }
}

function parseStored(text: string | null): { text: string; at: number } | undefined {
  if (text === null) return undefined
  try {
    const json = JSON.parse(text) as { text?: unknown; at?: unknown }
    return typeof json.text === 'string' && typeof json.at === 'number' ? { text: json.text, at: json.at } : undefined
  } catch {
    return undefined
  }
}
