// The live board. Messages land in plain maps; screens hear of them at most four times a second, each row of itself only.
import type { AgentView, Board, BoardQueue, CallView, TrunkView } from '../protocol'

export const FLUSH_MS = 250
/** After this a figure is shown as old; after the second, the board says so. */
export const STALE_MS = 5_000
export const DEAD_MS = 15_000

type Listener = () => void
type Kind = 'queues' | 'agents' | 'calls' | 'trunks'

export interface BoardWorld {
  setTimer(run: () => void, ms: number): number
  clearTimer(id: number): void
  isHidden(): boolean
}

export class BoardStore {
  private readonly rows = {
    queues: new Map<string, BoardQueue>(),
    agents: new Map<string, AgentView>(),
    calls: new Map<string, CallView>(),
    trunks: new Map<string, TrunkView>(),
  }
  private ids: Record<Kind, readonly string[]> = { queues: [], agents: [], calls: [], trunks: [] }
  private waiting: Board | undefined
  private timer: number | undefined
  private asOf: number | null = null
  private readonly rowListeners = new Map<string, Set<Listener>>()
  private readonly listListeners = new Set<Listener>()
  private readonly anyListeners = new Set<Listener>()
  private turns = 0
  private isFrozen = false

  constructor(private readonly world: BoardWorld) {}

  /** The newest picture; one that nobody has seen yet is replaced. */
  receive(board: Board): void {
    this.waiting = board
    this.timer ??= this.world.setTimer(() => {
      this.timer = undefined
      this.flush()
    }, FLUSH_MS)
  }

  /** Shows what waits, unless nobody can see it. Also called when the tab becomes visible. */
  flush(): void {
    const board = this.waiting
    if (!board || this.isFrozen || this.world.isHidden()) return
    this.waiting = undefined
    const isFirst = this.asOf === null
    this.asOf = Date.parse(board.at)
    const isChanged = [
      this.merge('queues', board.queues, (queue) => queue.live.id),
      this.merge('agents', board.agents, (agent) => agent.id),
      this.merge('calls', board.calls, (call) => call.id),
      this.merge('trunks', board.trunks, (trunk) => trunk.id),
    ]
    if (isFirst || isChanged.includes(true)) for (const listener of this.listListeners) listener()
    this.turns += 1
    for (const listener of this.anyListeners) listener()
  }

  /** Keeps the picture as it is, for somebody who wants to read it. */
  freeze(isFrozen: boolean): void {
    this.isFrozen = isFrozen
    if (!isFrozen) this.flush()
  }

  clear(): void {
    if (this.timer !== undefined) this.world.clearTimer(this.timer)
    this.timer = this.waiting = undefined
    this.asOf = null
    for (const map of Object.values(this.rows)) map.clear()
    this.ids = { queues: [], agents: [], calls: [], trunks: [] }
    for (const listener of this.listListeners) listener()
  }

  /** When the figures were taken, server time. */
  get at(): number | null {
    return this.asOf
  }

  list(kind: Kind): readonly string[] {
    return this.ids[kind]
  }

  queue(id: string): BoardQueue | undefined {
    return this.rows.queues.get(id)
  }

  agent(id: string): AgentView | undefined {
    return this.rows.agents.get(id)
  }

  call(id: string): CallView | undefined {
    return this.rows.calls.get(id)
  }

  trunk(id: string): TrunkView | undefined {
    return this.rows.trunks.get(id)
  }

  onList(listener: Listener): () => void {
    this.listListeners.add(listener)
    return () => this.listListeners.delete(listener)
  }

  /** Every new picture; for sums over all rows. */
  readonly onAny = (listener: Listener): (() => void) => {
    this.anyListeners.add(listener)
    return () => this.anyListeners.delete(listener)
  }

  readonly turn = (): number => this.turns

  onRow(kind: Kind, id: string, listener: Listener): () => void {
    const key = `${kind} ${id}`
    const listeners = this.rowListeners.get(key) ?? new Set()
    this.rowListeners.set(key, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.rowListeners.delete(key)
    }
  }

  /** Takes the new rows, wakes those that differ, and says whether the list itself changed. */
  private merge<T>(kind: Kind, fresh: readonly T[], idOf: (row: T) => string): boolean {
    const rows = this.rows[kind] as unknown as Map<string, T>
    const ids = fresh.map(idOf)
    const isSameList = ids.length === this.ids[kind].length && ids.every((id, i) => id === this.ids[kind][i])
    if (!isSameList) {
      this.ids = { ...this.ids, [kind]: ids }
      const kept = new Set(ids)
      for (const id of rows.keys()) if (!kept.has(id)) rows.delete(id)
    }
    for (const row of fresh) {
      const id = idOf(row)
      // Rows are small and flat: comparing their text is cheaper than painting one for nothing.
      if (rows.has(id) && JSON.stringify(rows.get(id)) === JSON.stringify(row)) continue
      rows.set(id, row)
      for (const listener of this.rowListeners.get(`${kind} ${id}`) ?? []) listener()
    }
    return !isSameList
  }
}

export const boardStore = new BoardStore({
  setTimer: (run, ms) => window.setTimeout(run, ms),
  clearTimer: (id) => window.clearTimeout(id),
  isHidden: () => document.hidden,
})
