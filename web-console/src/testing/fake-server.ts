// A server for tests: the socket's other end, with the same protocol types, and a clock that tests turn by hand.
import type { AgentView, CallView, ClientMessage, Hello, ServerEnvelope, ServerMessage } from '@/live/protocol'
import type { SocketWorld, WebSocketLike } from '@/live/socket'

/** Time that moves only when told to. */
export class HandClock {
  now = 1_000_000
  private nextId = 1
  private readonly timers = new Map<number, { at: number; run: () => void }>()

  setTimer = (run: () => void, ms: number): number => {
    const id = this.nextId
    this.nextId += 1
    this.timers.set(id, { at: this.now + ms, run })
    return id
  }

  clearTimer = (id: number): void => {
    this.timers.delete(id)
  }

  /** Runs everything that is due within `ms`, in order. */
  forward(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.at <= end).toSorted((a, b) => a[1].at - b[1].at)[0]
      if (!due) break
      this.timers.delete(due[0])
      this.now = due[1].at
      due[1].run()
    }
    this.now = end
  }

  /** When the next timer is due, in milliseconds from now. */
  get next(): number | undefined {
    const at = Math.min(...[...this.timers.values()].map((timer) => timer.at))
    return Number.isFinite(at) ? at - this.now : undefined
  }
}

class FakeSocket implements WebSocketLike {
  onopen: ((event: Event) => void) | null = null
  onmessage: ((event: MessageEvent) => void) | null = null
  onclose: ((event: CloseEvent) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  readonly heard: ClientMessage[] = []
  isClosed = false
  n = 0

  send(text: string): void {
    this.heard.push(JSON.parse(text) as ClientMessage)
  }

  close(): void {
    this.isClosed = true
  }
}

/** Accepts connections, keeps what it heard, says what it is told to. */
export class FakeServer {
  readonly sockets: FakeSocket[] = []
  isOnline = true

  constructor(private readonly clock: HandClock) {}

  world(): SocketWorld {
    return {
      open: () => {
        const socket = new FakeSocket()
        this.sockets.push(socket)
        return socket
      },
      now: () => this.clock.now,
      random: () => 0.5,
      setTimer: this.clock.setTimer,
      clearTimer: this.clock.clearTimer,
      isOnline: () => this.isOnline,
    }
  }

  get socket(): FakeSocket {
    const last = this.sockets.at(-1)
    if (!last) throw new Error('nobody has connected yet')
    return last
  }

  /** Opens the newest connection and greets. */
  greet(hello: Partial<Hello> = {}): void {
    this.socket.onopen?.(new Event('open'))
    this.say({ t: 'hello', ...aHello(), ...hello })
  }

  say(message: ServerMessage, n?: number): void {
    const { socket } = this
    socket.n = n ?? socket.n + 1
    const envelope = { n: socket.n, sent_at: new Date(this.clock.now).toISOString(), ...message } as ServerEnvelope
    socket.onmessage?.(new MessageEvent('message', { data: JSON.stringify(envelope) }))
  }

  hangUp(code = 1006): void {
    this.socket.onclose?.(Object.assign(new Event('close'), { code }) as CloseEvent)
  }

  /** What the page has sent on the newest connection, of one kind. */
  heard<T extends ClientMessage['t']>(t: T): Array<Extract<ClientMessage, { t: T }>> {
    return this.socket.heard.filter((message): message is Extract<ClientMessage, { t: T }> => message.t === t)
  }
}

const AT = '2026-11-21T10:00:00.000Z'

export function anAgent(more: Partial<AgentView> = {}): AgentView {
  return { id: 'ana', version: 1, name: 'Ana', presence: { state: 'ready' }, since: AT, has_console: true, has_device: true, queues: ['support'], wants_wrap_up: false, work: [], ...more }
}

export function aCall(more: Partial<CallView> = {}): CallView {
  return {
    id: 'c1',
    version: 1,
    direction: 'inbound',
    state: { is: 'offered', until: AT },
    agent: 'ana',
    party: { is_withheld: false, is_web: false, candidates: [], number: '+34911000001' },
    our_number: '1000',
    recording: { is: 'off', may_begin: false },
    forks: [],
    answered_by: { is_listening: false, has_beeped: false, messages: [] },
    ivr_path: [],
    language: 'es',
    started_at: AT,
    since: AT,
    is_muted: false,
    agent_audio: 'up',
    conference: [],
    poor_audio: [],
    supervisors: [],
    is_monitoring_told: false,
    ...more,
  }
}

export function aHello(more: Partial<Hello> = {}): Hello {
  return {
    server_time: AT,
    build: 'b1',
    user: 'ana',
    centre_name: 'Centre',
    is_sample: false,
    agent: anAgent(),
    calls: [],
    pops: [],
    notes: [],
    parked: [],
    colleagues: [],
    cursor: 'n1:7',
    ...more,
  }
}
