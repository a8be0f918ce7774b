import { beforeEach, expect, test } from 'vitest'
import { HandClock } from '@/testing/fake-server'
import type { WebPhoneClientMessage, WebPhoneServerMessage } from '@/live/protocol'
import { ANSWER_MS_MAX, WebCall, type WebCallState } from './call'

class FakeSocket {
  readyState = WebSocket.OPEN
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  readonly heard: WebPhoneClientMessage[] = []
  isClosed = false
  send(text: string): void {
    this.heard.push(JSON.parse(text) as WebPhoneClientMessage)
  }
  close(): void {
    this.isClosed = true
  }
  say(message: WebPhoneServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
}

let clock: HandClock
let socket: FakeSocket
let state: WebCallState
let isTrackOpen: boolean
let microphone: () => Promise<MediaStream>
let emitCandidate: (candidate: string) => void
let call: WebCall

beforeEach(() => {
  clock = new HandClock()
  socket = new FakeSocket()
  isTrackOpen = true
  const track = {
    enabled: true,
    stop: () => {
      isTrackOpen = false
    },
  }
  microphone = () => Promise.resolve({ getTracks: () => [track], getAudioTracks: () => [track] } as unknown as MediaStream)
  const peer = {
    localDescription: { sdp: 'offer' },
    onicecandidate: null as ((event: { candidate: { candidate: string } }) => void) | null,
    addTrack: () => {},
    createOffer: () => Promise.resolve({ type: 'offer', sdp: 'offer' }),
    setLocalDescription: () => Promise.resolve(),
    setRemoteDescription: () => Promise.resolve(),
    close: () => {},
  }
  emitCandidate = (candidate) => peer.onicecandidate?.({ candidate: { candidate } })
  call = new WebCall(
    {
      openMicrophone: () => microphone(),
      createConnection: () => peer as unknown as RTCPeerConnection,
      openSocket: () => socket as unknown as WebSocket,
      playRemote: () => {},
      now: () => clock.now,
      setTimer: clock.setTimer,
      clearTimer: clock.clearTimer,
    },
    (next) => {
      state = next
    },
  )
})

async function connect(): Promise<void> {
  await call.call('1000', 'es')
  socket.onopen?.()
  socket.say({ t: 'answer', sdp: 'answer' })
  socket.say({ t: 'connected' })
}

test('a call is offered, answered and timed', async () => {
  await connect()
  expect(socket.heard).toEqual([{ t: 'call', number: '1000', sdp: 'offer', language: 'es' }])
  expect(state.is).toBe('connected')
  clock.forward(61_000)
  socket.say({ t: 'ended', cause: 'finished' })
  expect(state).toEqual({ is: 'ended', cause: 'finished', lastedMs: 61_000 })
  expect([isTrackOpen, socket.isClosed]).toEqual([false, true])
})

test('candidates found before the socket is open follow the offer', async () => {
  await call.call('1000', 'es')
  emitCandidate('candidate:1')
  expect(socket.heard).toEqual([])
  socket.onopen?.()
  emitCandidate('candidate:2')
  expect(socket.heard.map((message) => message.t)).toEqual(['call', 'candidate', 'candidate'])
})

test('keys go out in a call only', async () => {
  call.digit('1')
  await connect()
  call.digit('2')
  expect(socket.heard.filter((message) => message.t === 'digit')).toEqual([{ t: 'digit', digit: '2' }])
})

test('a microphone that is refused is said, and the next try works', async () => {
  const allowed = microphone
  microphone = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
  await call.call('1000', 'es')
  expect(state).toEqual({ is: 'no_microphone', problem: 'denied' })
  microphone = allowed
  await connect()
  expect(state.is).toBe('connected')
})

test('a line that refuses says why', async () => {
  await call.call('1000', 'es')
  socket.onopen?.()
  socket.say({ t: 'refused', reason: 'rate_limited' })
  expect(state).toEqual({ is: 'refused', reason: 'rate_limited' })
})

test('nobody waits for ever, and a socket that goes is a lost call', async () => {
  await call.call('1000', 'es')
  clock.forward(ANSWER_MS_MAX)
  expect(state).toMatchObject({ is: 'ended', cause: 'lost' })
  await connect()
  socket.onclose?.()
  expect(state).toMatchObject({ is: 'ended', cause: 'lost' })
})

test('hanging up tells the other side and closes the microphone', async () => {
  await connect()
  call.hangUp()
  expect(socket.heard.at(-1)).toEqual({ t: 'hang_up' })
  expect([state.is, isTrackOpen]).toEqual(['ended', false])
})
