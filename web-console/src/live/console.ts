// The one live connection of this page: socket, clock and stores joined. Views read the stores and call `command`.
import { serverClock } from './clock'
import type { ConsoleCommand, ServerMessage } from './protocol'
import { ConsoleSocket, type CommandFailure } from './socket'
import { boardStore } from './stores/board'
import { applyToFloor, emptyFloor, floorStore } from './stores/floor'
import { NotesDrafts } from './stores/notes'

type MessageListener = (message: ServerMessage) => void
const messageListeners = new Set<MessageListener>()
const replacedListeners = new Set<() => void>()
let onRefused: () => void = () => {}

const socket = new ConsoleSocket(
  {
    open: () => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/console`),
    now: Date.now,
    random: Math.random,
    setTimer: (run, ms) => window.setTimeout(run, ms),
    clearTimer: (id) => window.clearTimeout(id),
    isOnline: () => navigator.onLine,
  },
  serverClock,
  {
    onConnection: (connection) => {
      floorStore.setState({ connection })
      if (connection.is === 'up') {
        document.body.dataset.live = 'up'
        notes.retry()
      } else {
        document.body.dataset.live = connection.is
      }
    },
    onMessage: receive,
    onRefused: () => onRefused(),
    onReplaced: () => {
      for (const listener of replacedListeners) listener()
    },
  },
)

export const notes = new NotesDrafts({
  save: async (call, text) => (await socket.command({ do: 'save_notes', call, notes: text })) === null,
  setTimer: (run, ms) => window.setTimeout(run, ms),
  clearTimer: (id) => window.clearTimeout(id),
  now: Date.now,
  storage: localStorage,
})

function receive(message: ServerMessage): void {
  const before = floorStore.getState()
  if (message.t === 'board') boardStore.receive(message.board)
  const after = applyToFloor(before, message)
  if (after !== before) floorStore.setState(after, true)
  if (message.t === 'hello') for (const call of after.calls) notes.restore(call.id, after.savedNotes.get(call.id) ?? '')
  for (const call of before.calls) if (!after.calls.some((other) => other.id === call.id)) forgetLater(call.id)
  for (const listener of messageListeners) listener(message)
}

export const live = {
  /** The page has a session. `refused` is called when the door stays shut before any hello, so that the session can be checked. */
  attach(refused: () => void): void {
    onRefused = refused
    notes.sweep()
    window.addEventListener('online', retry)
    window.addEventListener('offline', retry)
    document.addEventListener('visibilitychange', wake)
  },
  detach(): void {
    window.removeEventListener('online', retry)
    window.removeEventListener('offline', retry)
    document.removeEventListener('visibilitychange', wake)
    live.disconnect()
    boardStore.clear()
    floorStore.setState({ ...emptyFloor, pageBuild: floorStore.getState().pageBuild }, true)
  },
  connect(): void {
    socket.start()
  },
  /** Another tab or console has the floor now. */
  disconnect(): void {
    socket.stop()
    boardStore.clear()
  },
  command(command: ConsoleCommand): Promise<CommandFailure | null> {
    return socket.command(command)
  },
  watchBoard(wanted: boolean): void {
    socket.watchBoard(wanted)
  },
  /** A newer console of this agent took over. */
  onReplaced(listener: () => void): () => void {
    replacedListeners.add(listener)
    return () => replacedListeners.delete(listener)
  },
  /** Every message after the stores have taken it. */
  onMessage(listener: MessageListener): () => void {
    messageListeners.add(listener)
    return () => messageListeners.delete(listener)
  },
}

/** A call that was handed over may come back at once for its wrap-up, with the notes on it. */
const FORGET_MS = 2_000

function forgetLater(call: string): void {
  window.setTimeout(() => {
    if (!floorStore.getState().calls.some((other) => other.id === call)) notes.forget(call)
  }, FORGET_MS)
}

function retry(): void {
  socket.retryNow()
}

function wake(): void {
  if (document.hidden) return
  socket.retryNow()
  boardStore.flush()
}
