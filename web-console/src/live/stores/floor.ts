// What this user sees of the live floor: own calls, their records, colleagues, notices. Replaced whole by `hello`, then kept
// up by deltas, at once. A version only grows: an older view that arrives late is dropped.
import { createStore } from 'zustand/vanilla'
import type { AgentView, AudioState, CallView, CustomerSnapshot, EndCause, EventRecord, ParkedCall, ServerMessage, TicketLine } from '../protocol'
import type { Connection } from '../socket'

/** Notices that wait to be seen; older ones make room. */
const NOTICES_MAX = 20

export interface FloorNotice {
  id: number
  key: string
  /** For `call_over`: why the call ended. */
  cause?: EndCause
  /** For `call_over`: the call as it was, for a new try. */
  call?: CallView
  /** For `parked`: what telephones dial to take it. */
  number?: string
  /** For `sla_breached`: which ticket. */
  ticket?: TicketLine
  /** For `wrap_up_overdue`: whose. */
  agent?: string
}

export interface FloorState {
  connection: Connection
  /** Whether a `hello` has been applied since the page was opened; what is shown after a loss is the last known picture. */
  hasFloor: boolean
  centreName: string
  isSample: boolean
  build: string | null
  /** The build that this page was loaded from: the first one that a hello named. */
  pageBuild: string | null
  user: string | null
  agent: AgentView | null
  /** Own calls, in the order in which they came. */
  calls: readonly CallView[]
  pops: ReadonlyMap<string, readonly CustomerSnapshot[]>
  /** When the INVITE of a popped call reached the server, for the measurement INVITE → painted. */
  arrivals: ReadonlyMap<string, string>
  /** Notes as the server had them at the last hello. */
  savedNotes: ReadonlyMap<string, string>
  /** The call that left this desk last, with its record: its wrap-up may still run here after a transfer. */
  former: { call: CallView; pop: readonly CustomerSnapshot[] | undefined } | null
  colleagues: ReadonlyMap<string, AgentView>
  /** The calls that are parked, by slot: any agent may take one. */
  parked: readonly ParkedCall[]
  /** The call that this supervisor hears. */
  supervised: CallView | null
  audio: AudioState
  notices: readonly FloorNotice[]
}

export const emptyFloor: FloorState = {
  connection: { is: 'idle' },
  hasFloor: false,
  centreName: '',
  isSample: false,
  build: null,
  pageBuild: null,
  user: null,
  agent: null,
  calls: [],
  pops: new Map(),
  arrivals: new Map(),
  savedNotes: new Map(),
  former: null,
  colleagues: new Map(),
  parked: [],
  supervised: null,
  audio: 'none',
  notices: [],
}

export const floorStore = createStore<FloorState>(() => emptyFloor)

let noticeCount = 0

/** The floor after a message. Pure but for the numbering of notices. */
export function applyToFloor(state: FloorState, message: ServerMessage): FloorState {
  const next = applied(state, message)
  return next === state ? state : withFormerWrapUp(next)
}

/**
 * A call that was handed over belongs to somebody else, and yet its wrap-up runs here: the presence says so. Then the desk keeps
 * the call as it last was, so that notes and disposition have their place; whom it was talked over with is out of reach.
 */
function withFormerWrapUp(state: FloorState): FloorState {
  const presence = state.agent?.presence
  const wrapped = presence?.state === 'wrapping_up' ? presence : undefined
  const isKept = (call: CallView) => call.state.is !== 'wrapping_up' || call.agent === state.user
  // Kept calls are marked by their agent: they are no longer this user's.
  const calls = state.calls.every(isKept) ? state.calls : state.calls.filter(isKept)
  if (!wrapped || calls.some((call) => call.id === wrapped.call)) return calls === state.calls ? state : { ...state, calls }
  const known = state.former?.call.id === wrapped.call ? state.former : null
  const base = known?.call ?? unknownCall(wrapped.call, state.agent?.since ?? '')
  const call: CallView = { ...base, agent: null, consult: null, conference: [], poor_audio: [], dead_air_since: null, since: state.agent?.since ?? base.since, state: { is: 'wrapping_up', until: wrapped.until ?? null, needs_disposition: false } }
  const pops = known?.pop ? new Map(state.pops).set(call.id, known.pop) : state.pops
  return { ...state, calls: [...calls, call], pops }
}

/** After a reload nothing is known of a call that was handed over but that it was. */
function unknownCall(id: string, since: string): CallView {
  return {
    id,
    version: 0,
    direction: 'inbound',
    state: { is: 'over', cause: 'finished' },
    party: { is_withheld: false, is_web: false, candidates: [] },
    our_number: '',
    recording: { is: 'off', may_begin: false },
    forks: [],
    answered_by: { is_listening: false, has_beeped: false, messages: [] },
    ivr_path: [],
    language: '',
    started_at: since,
    since,
    is_muted: false,
    agent_audio: 'none',
    conference: [],
    poor_audio: [],
    supervisors: [],
    is_monitoring_told: false,
  }
}

function applied(state: FloorState, message: ServerMessage): FloorState {
  switch (message.t) {
    case 'hello': {
      const user = message.user
      return {
        ...state,
        hasFloor: true,
        centreName: message.centre_name,
        isSample: message.is_sample,
        build: message.build,
        pageBuild: state.pageBuild ?? message.build,
        user,
        agent: message.agent ?? null,
        calls: message.calls.filter((call) => call.agent === user && call.state.is !== 'over'),
        supervised: message.calls.find((call) => isSupervisedBy(call, user)) ?? null,
        parked: message.parked,
        pops: new Map(message.pops.map((pop) => [pop.call, pop.matches])),
        savedNotes: new Map(message.notes.map((saved) => [saved.call, saved.notes])),
        colleagues: new Map(message.colleagues.map((agent) => [agent.id, agent])),
      }
    }
    case 'call':
      return withCall(state, message.call)
    case 'pop': {
      const pops = new Map(state.pops).set(message.call, message.matches)
      return { ...state, pops, arrivals: new Map(state.arrivals).set(message.call, message.arrived_at) }
    }
    case 'agent': {
      const agent = message.agent
      const known = agent.id === state.user ? state.agent : state.colleagues.get(agent.id)
      if (known && known.version > agent.version) return state
      if (agent.id === state.user) return { ...state, agent }
      return { ...state, colleagues: new Map(state.colleagues).set(agent.id, agent) }
    }
    case 'agent_gone': {
      if (message.agent === state.user) return { ...state, agent: null }
      const colleagues = new Map(state.colleagues)
      return colleagues.delete(message.agent) ? { ...state, colleagues } : state
    }
    case 'parked':
      return { ...state, parked: message.parked }
    case 'media_state':
      return { ...state, audio: message.audio }
    case 'notice':
      return withNotice(state, { key: message.key, ...(message.ticket && { ticket: message.ticket }) })
    case 'fact':
      return message.ticket ? withTicketChange(state, message.ticket) : withOverdue(state, message.record)
    case 'media_answer':
    case 'result':
    case 'pong':
    case 'board':
      return state
    default:
      return unknownMessage(message, state)
  }
}

/** The server tells of others' wrap-ups only those who watch over them. */
function withOverdue(state: FloorState, record: EventRecord): FloorState {
  if (record.area !== 'agent' || record.event.kind !== 'wrap_up_overdue' || record.event.agent === state.user) return state
  return withNotice(state, { key: 'wrap_up_overdue', agent: record.event.agent })
}

function withCall(state: FloorState, call: CallView): FloorState {
  const known = state.calls.find((other) => other.id === call.id)
  if (known && known.version > call.version) return state
  const isHeard = state.user !== null && isSupervisedBy(call, state.user) && call.state.is !== 'over'
  const supervised = isHeard ? call : state.supervised?.id === call.id ? null : state.supervised
  const isMine = call.agent === state.user && state.user !== null && call.state.is !== 'over'
  if (isMine) {
    const calls = known ? state.calls.map((other) => (other.id === call.id ? call : other)) : [...state.calls, call]
    return { ...state, calls, supervised }
  }
  if (!known) return supervised === state.supervised ? state : { ...state, supervised }
  const gone = forget({ ...state, supervised }, call.id)
  if (call.state.is !== 'over' || known.state.is === 'wrapping_up') return gone
  const { cause } = call.state
  const slot = state.parked.find((parked) => parked.call === call.id && parked.by === state.user)
  if (slot) return withNotice(gone, { key: 'parked', number: slot.number })
  if (known.state.is === 'offered') return cause === 'hangup' || cause === 'lost' ? withNotice(gone, { key: 'caller_gone' }) : gone
  // A call that ends without a wrap-up would vanish without a word: say why.
  return withNotice(gone, { key: 'call_over', cause, call })
}

function isSupervisedBy(call: CallView, user: string): boolean {
  return call.supervisors.some((supervisor) => supervisor.agent === user)
}

/** Drops a call with everything that hangs on it: no map may grow over a shift. */
function forget(state: FloorState, call: string): FloorState {
  const known = state.calls.find((other) => other.id === call)
  const without = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> => {
    if (!map.has(call)) return map
    const copy = new Map(map)
    copy.delete(call)
    return copy
  }
  return {
    ...state,
    calls: state.calls.filter((other) => other.id !== call),
    former: known ? { call: known, pop: state.pops.get(call) } : state.former,
    pops: without(state.pops),
    arrivals: without(state.arrivals),
    savedNotes: without(state.savedNotes),
  }
}

/** A ticket that changed changes on the records that are on screen too. */
function withTicketChange(state: FloorState, ticket: TicketLine): FloorState {
  const shown = [...state.pops].filter(([, matches]) => matches.some((match) => match.customer.id === ticket.customer))
  if (shown.length === 0) return state
  const pops = new Map(state.pops)
  for (const [call, matches] of shown) pops.set(call, matches.map((match) => (match.customer.id === ticket.customer ? withTicket(match, ticket) : match)))
  return { ...state, pops }
}

const OVER: ReadonlySet<TicketLine['state']> = new Set(['solved', 'closed', 'cancelled'])

/** In its place, new ones first, gone when it is over. */
function withTicket(record: CustomerSnapshot, ticket: TicketLine): CustomerSnapshot {
  const known = record.open_tickets.find((other) => other.id === ticket.id)
  if (known && known.version > ticket.version) return record
  if (OVER.has(ticket.state)) return { ...record, open_tickets: record.open_tickets.filter((other) => other.id !== ticket.id) }
  return { ...record, open_tickets: known ? record.open_tickets.map((other) => (other === known ? ticket : other)) : [ticket, ...record.open_tickets] }
}

function withNotice(state: FloorState, notice: Omit<FloorNotice, 'id'>): FloorState {
  noticeCount += 1
  return { ...state, notices: [...state.notices, { ...notice, id: noticeCount }].slice(-NOTICES_MAX) }
}

/** A newer server may say more than this page understands; that is no reason to fail. */
function unknownMessage(_: never, state: FloorState): FloorState {
  return state
}

/** Puts a notice of this page's own beside those of the server. */
export function addNotice(key: string): void {
  floorStore.setState((state) => withNotice(state, { key }))
}

export function dismissNotice(id: number): void {
  floorStore.setState((state) => ({ notices: state.notices.filter((notice) => notice.id !== id) }))
}

/** The call in the dock: what talks goes before what rings, and that before what is being wrapped up. */
export function foremostCall(calls: readonly CallView[]): CallView | undefined {
  return calls.toSorted((a, b) => urgency(a) - urgency(b))[0]
}

function urgency(call: CallView): number {
  switch (call.state.is) {
    case 'talking':
    case 'held':
    case 'reconnecting':
    case 'dialling':
      return 0
    case 'offered':
      return 1
    case 'wrapping_up':
      return 2
    case 'parked':
    case 'passed_on':
    case 'waiting':
    case 'in_ivr':
    case 'over':
      return 3
  }
}
