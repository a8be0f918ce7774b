// The console's socket: connects, says hello, numbers what comes, pings, and connects again. It knows nothing of what the
// messages mean; whoever owns the stores gets each message in order, beginning with `hello`.
import { ServerClock } from './clock'
import { parseEnvelope, type ClientMessage, type CommandProblem, type ConsoleCommand, type ServerMessage } from './protocol'

export const RECONNECT_MS_MIN = 250
export const RECONNECT_MS_MAX = 10_000
export const PING_MS = 5_000
/** Nothing heard for this long: the connection is dead whatever the browser believes. */
export const SILENCE_MS_MAX = 12_000
/** A command without an answer for this long is given up. */
export const COMMAND_MS_MAX = 8_000

/** Close codes of the server that say more than "try again". */
const CLOSED_SIGNED_OUT = 4401
const CLOSED_REPLACED = 4409

export type Connection =
  | { is: 'idle' }
  | { is: 'connecting' }
  | { is: 'up' }
  | { is: 'reconnecting'; attempt: number; sinceMs: number }
  | { is: 'offline'; sinceMs: number }

/** What the socket needs of its surroundings; tests bring their own. */
export interface SocketWorld {
  open(): WebSocketLike
  now(): number
  random(): number
  setTimer(run: () => void, ms: number): number
  clearTimer(id: number): void
  isOnline(): boolean
}

export interface WebSocketLike {
  onopen: ((event: Event) => void) | null
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  onerror: ((event: Event) => void) | null
  send(text: string): void
  close(): void
}

export interface SocketEvents {
  onConnection(state: Connection): void
  onMessage(message: ServerMessage): void
  /** The session may have ended: an attempt failed before `hello`, or the server said so. */
  onRefused(): void
  /** A newer console of the same agent took over; this one must not come back by itself. */
  onReplaced(): void
}

/** Why a command came to nothing: the server's reason, or the connection. */
export type CommandFailure = CommandProblem | 'offline' | 'timeout'

interface Pending {
  resolve(failure: CommandFailure | null): void
  timer: number
}

export class ConsoleSocket {
  private socket: WebSocketLike | undefined
  private state: Connection = { is: 'idle' }
  private nextN = 1
  private attempt = 0
  private downSince: number | undefined
  private heardAt = 0
  private cursor: string | null = null
  private retryTimer: number | undefined
  private pingTimer: number | undefined
  private readonly pending = new Map<string, Pending>()
  private commandCount = 0
  private isWatching = false
  /** Makes ids unique across reloads, so that the server never takes a new command for a repeated one. */
  private readonly idPrefix: string

  constructor(
    private readonly world: SocketWorld,
    private readonly clock: ServerClock,
    private readonly events: SocketEvents,
  ) {
    this.idPrefix = Math.floor(world.random() * 0xffff_ffff).toString(36)
  }

  get connection(): Connection {
    return this.state
  }

  start(): void {
    if (this.state.is === 'idle') this.connect()
  }

  /** Closes for good: signed out, or this page is done. */
  stop(): void {
    this.clearTimers()
    this.dropSocket()
    this.failPending('offline')
    this.cursor = null
    this.attempt = 0
    this.downSince = undefined
    this.set({ is: 'idle' })
  }

  /** The network is back, or the tab woke up: do not wait for the timer. */
  retryNow(): void {
    if (this.state.is === 'reconnecting' || this.state.is === 'offline') {
      this.attempt = 0
      this.connect()
    } else if (this.state.is === 'up') {
      this.checkSilence()
    }
  }

  /** Whether this session wants the board; survives reconnections. */
  watchBoard(wanted: boolean): void {
    if (this.isWatching === wanted) return
    this.isWatching = wanted
    if (this.state.is === 'up') this.write({ t: 'watch', board: wanted })
  }

  /** Asks for something. `null` is done; otherwise why not. */
  command(command: ConsoleCommand): Promise<CommandFailure | null> {
    if (this.state.is !== 'up') return Promise.resolve('offline')
    this.commandCount += 1
    const id = `${this.idPrefix}-${this.commandCount}`
    return new Promise((resolve) => {
      const timer = this.world.setTimer(() => {
        this.pending.delete(id)
        resolve('timeout')
      }, COMMAND_MS_MAX)
      this.pending.set(id, { resolve, timer })
      this.write({ t: 'command', id, command })
    })
  }

  private connect(): void {
    this.clearTimers()
    this.dropSocket()
    if (!this.world.isOnline()) {
      this.fallBack()
      return
    }
    if (this.state.is === 'idle') this.set({ is: 'connecting' })
    this.nextN = 1
    const socket = this.world.open()
    this.socket = socket
    this.heardAt = this.world.now()
    socket.onopen = () => this.write({ t: 'hello', resume: this.cursor })
    socket.onmessage = (event) => {
      if (this.socket === socket) this.receive(event.data)
    }
    socket.onclose = (event) => {
      if (this.socket === socket) this.closed(event.code)
    }
    socket.onerror = () => {
      if (this.socket === socket) this.lose()
    }
    // A connection that opens but never says hello is as dead as one that never opens.
    this.pingTimer = this.world.setTimer(() => this.lose(), COMMAND_MS_MAX)
  }

  private receive(data: unknown): void {
    this.heardAt = this.world.now()
    const envelope = typeof data === 'string' ? parseEnvelope(data) : undefined
    // A gap means that something was lost: only a new hello puts the picture right.
    if (!envelope || envelope.n !== this.nextN || (this.nextN === 1 && envelope.t !== 'hello')) {
      this.lose()
      return
    }
    this.nextN += 1
    switch (envelope.t) {
      case 'hello':
        this.clock.forget()
        this.clock.learn(envelope.server_time)
        this.cursor = envelope.cursor
        this.becomeUp(envelope)
        return
      case 'fact':
        this.cursor = envelope.cursor
        break
      case 'pong':
        this.clock.learn(envelope.sent_at, Date.parse(envelope.asked_at))
        return
      case 'result':
        this.settle(envelope.id, envelope.problem ?? null)
        return
      default:
        break
    }
    this.events.onMessage(envelope)
  }

  private becomeUp(hello: ServerMessage): void {
    this.attempt = 0
    this.downSince = undefined
    this.clearTimers()
    this.events.onMessage(hello)
    this.set({ is: 'up' })
    if (this.isWatching) this.write({ t: 'watch', board: true })
    this.schedulePing()
  }

  private schedulePing(): void {
    this.pingTimer = this.world.setTimer(() => {
      if (this.checkSilence()) return
      this.write({ t: 'ping', sent_at: new Date(this.world.now()).toISOString() })
      this.schedulePing()
    }, PING_MS)
  }

  /** Gives the connection up when nothing was heard for too long; whether it did. */
  private checkSilence(): boolean {
    if (this.world.now() - this.heardAt <= SILENCE_MS_MAX) return false
    this.lose()
    return true
  }

  private closed(code: number): void {
    if (code === CLOSED_REPLACED) {
      this.stop()
      this.events.onReplaced()
      return
    }
    this.lose()
    if (code === CLOSED_SIGNED_OUT) this.events.onRefused()
  }

  private lose(): void {
    const wasUp = this.state.is === 'up'
    this.clearTimers()
    this.dropSocket()
    this.failPending('offline')
    if (!wasUp) this.events.onRefused()
    if (this.state.is !== 'idle') this.fallBack()
  }

  private fallBack(): void {
    this.downSince ??= this.world.now()
    this.attempt += 1
    const isOnline = this.world.isOnline()
    this.set(
      isOnline ? { is: 'reconnecting', attempt: this.attempt, sinceMs: this.downSince } : { is: 'offline', sinceMs: this.downSince },
    )
    const ceiling = Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** Math.min(this.attempt - 1, 10))
    // Half of the wait is chance, so that a thousand consoles do not come back in the same instant.
    const wait = ceiling / 2 + (this.world.random() * ceiling) / 2
    this.retryTimer = this.world.setTimer(() => this.connect(), wait)
  }

  private settle(id: string, failure: CommandFailure | null): void {
    const pending = this.pending.get(id)
    if (!pending) return
    this.pending.delete(id)
    this.world.clearTimer(pending.timer)
    pending.resolve(failure)
  }

  private failPending(failure: CommandFailure): void {
    for (const id of [...this.pending.keys()]) this.settle(id, failure)
  }

  private write(message: ClientMessage): void {
    this.socket?.send(JSON.stringify(message))
  }

  private dropSocket(): void {
    const socket = this.socket
    this.socket = undefined
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null
    socket.close()
  }

  private clearTimers(): void {
    if (this.retryTimer !== undefined) this.world.clearTimer(this.retryTimer)
    if (this.pingTimer !== undefined) this.world.clearTimer(this.pingTimer)
    this.retryTimer = this.pingTimer = undefined
  }

  private set(state: Connection): void {
    this.state = state
    this.events.onConnection(state)
  }
}
