import { beforeEach, describe, expect, test } from 'vitest'
import { aCall, FakeServer, HandClock } from '@/testing/fake-server'
import { ServerClock } from './clock'
import type { ServerMessage } from './protocol'
import { COMMAND_MS_MAX, ConsoleSocket, PING_MS, RECONNECT_MS_MAX, SILENCE_MS_MAX, type Connection } from './socket'

let clock: HandClock
let server: FakeServer
let socket: ConsoleSocket
let states: Connection['is'][]
let messages: ServerMessage[]
let refusals: number
let replacements: number

beforeEach(() => {
  clock = new HandClock()
  server = new FakeServer(clock)
  states = []
  messages = []
  refusals = 0
  replacements = 0
  socket = new ConsoleSocket(server.world(), new ServerClock(() => clock.now), {
    onConnection: (state) => states.push(state.is),
    onMessage: (message) => messages.push(message),
    onRefused: () => {
      refusals += 1
    },
    onReplaced: () => {
      replacements += 1
    },
  })
  socket.start()
})

test('a first visit says hello without a cursor and is up once it is greeted', () => {
  server.greet()
  expect(server.heard('hello')).toEqual([{ t: 'hello', resume: null }])
  expect(states).toEqual(['connecting', 'up'])
  expect(messages.map((message) => message.t)).toEqual(['hello'])
})

test('a lost connection comes back by itself and resumes where it was', () => {
  server.greet({ cursor: 'n1:41' })
  server.hangUp()
  expect(socket.connection.is).toBe('reconnecting')
  clock.forward(250)
  expect(server.sockets).toHaveLength(2)
  server.greet()
  expect(server.heard('hello')).toEqual([{ t: 'hello', resume: 'n1:41' }])
  expect(socket.connection.is).toBe('up')
})

test('the wait between attempts doubles up to ten seconds and starts anew after a success', () => {
  server.greet()
  const waits: number[] = []
  for (let i = 0; i < 9; i += 1) {
    server.hangUp()
    waits.push(clock.next ?? 0)
    clock.forward(clock.next ?? 0)
  }
  expect(waits.slice(0, 3)).toEqual([187.5, 375, 750])
  expect(Math.max(...waits)).toBeLessThanOrEqual(RECONNECT_MS_MAX)
  server.greet()
  server.hangUp()
  expect(clock.next).toBe(187.5)
})

test('a gap in the numbers is not papered over: the session begins again', () => {
  server.greet()
  server.say({ t: 'call', call: aCall() }, 5)
  expect(messages.map((message) => message.t)).toEqual(['hello'])
  expect(socket.connection.is).toBe('reconnecting')
})

test('anything but hello at first, and anything unreadable, ends the connection', () => {
  server.socket.onopen?.(new Event('open'))
  server.say({ t: 'call', call: aCall() })
  expect(socket.connection.is).toBe('reconnecting')
  clock.forward(10_000)
  server.greet()
  server.socket.onmessage?.(new MessageEvent('message', { data: 'what?' }))
  expect(socket.connection.is).toBe('reconnecting')
})

test('it pings every five seconds and gives up a connection that has fallen silent', () => {
  server.greet()
  clock.forward(PING_MS)
  expect(server.heard('ping')).toHaveLength(1)
  clock.forward(SILENCE_MS_MAX)
  expect(socket.connection.is).not.toBe('up')
})

test('pongs keep it alive', () => {
  server.greet()
  for (let i = 0; i < 10; i += 1) {
    clock.forward(PING_MS)
    const ping = server.heard('ping').at(-1)
    if (ping) server.say({ t: 'pong', asked_at: ping.sent_at })
  }
  expect(socket.connection.is).toBe('up')
})

test('a refusal at the door asks whether the session still holds', () => {
  server.hangUp()
  expect(refusals).toBe(1)
})

test('a console that was replaced does not fight for its place', () => {
  server.greet()
  server.hangUp(4409)
  clock.forward(60_000)
  expect([replacements, server.sockets.length, socket.connection.is]).toEqual([1, 1, 'idle'])
})

test('a session that ended in the middle is asked about', () => {
  server.greet()
  server.hangUp(4401)
  expect(refusals).toBe(1)
})

describe('commands', () => {
  test('are answered by their own result', async () => {
    server.greet()
    const held = socket.command({ do: 'hold', call: 'c1' })
    const refused = socket.command({ do: 'answer', call: 'c2' })
    const [first, second] = server.heard('command')
    expect(first?.id).not.toBe(second?.id)
    server.say({ t: 'result', id: second?.id ?? '', problem: { refusal: 'offer_gone', message: 'gone' } })
    server.say({ t: 'result', id: first?.id ?? '', problem: null })
    expect(await held).toBeNull()
    expect(await refused).toEqual({ refusal: 'offer_gone', message: 'gone' })
  })

  test('fail at once without a connection, and when it is lost on the way', async () => {
    expect(await socket.command({ do: 'end_supervision' })).toBe('offline')
    server.greet()
    const pending = socket.command({ do: 'hold', call: 'c1' })
    server.hangUp()
    expect(await pending).toBe('offline')
  })

  test('do not wait for ever', async () => {
    server.greet()
    const pending = socket.command({ do: 'hold', call: 'c1' })
    clock.forward(COMMAND_MS_MAX)
    expect(await pending).toBe('timeout')
  })
})

test('the board is asked for again after a reconnection', () => {
  server.greet()
  socket.watchBoard(true)
  server.hangUp()
  clock.forward(1_000)
  server.greet()
  expect(server.heard('watch')).toEqual([{ t: 'watch', board: true }])
})

test('offline is told apart from a server that is away, and ends as soon as the network is back', () => {
  server.greet()
  server.isOnline = false
  server.hangUp()
  expect(socket.connection.is).toBe('offline')
  server.isOnline = true
  socket.retryNow()
  server.greet()
  expect(socket.connection.is).toBe('up')
})

test('stopped, it stays silent', () => {
  server.greet()
  socket.stop()
  clock.forward(60_000)
  expect(server.sockets).toHaveLength(1)
  expect(socket.connection.is).toBe('idle')
})
