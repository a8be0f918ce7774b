import { beforeEach, expect, test } from 'vitest'
import { HandClock } from '@/testing/fake-server'
import { CONNECT_MS_MAX, DISCONNECTED_MS, MediaLeg, RETRY_MS, type LegState } from './media-leg'

class FakePeer {
  connectionState: RTCPeerConnectionState = 'new'
  signalingState: RTCSignalingState = 'stable'
  localDescription: { sdp: string } | null = null
  remoteDescription: unknown = null
  onconnectionstatechange: (() => void) | null = null
  onicecandidate: ((event: { candidate: { candidate: string } | null }) => void) | null = null
  ontrack: unknown = null
  isClosed = false
  addTrack(): void {}
  getSenders(): never[] {
    return []
  }
  createOffer(options: { iceRestart: boolean }): Promise<{ type: 'offer'; sdp: string }> {
    return Promise.resolve({ type: 'offer', sdp: options.iceRestart ? 'restart' : 'first' })
  }
  setLocalDescription(offer: { sdp: string }): Promise<void> {
    this.localDescription = offer
    this.signalingState = 'have-local-offer'
    return Promise.resolve()
  }
  setRemoteDescription(answer: unknown): Promise<void> {
    this.remoteDescription = answer
    this.signalingState = 'stable'
    return Promise.resolve()
  }
  close(): void {
    this.isClosed = true
    this.signalingState = 'closed'
  }
  become(state: RTCPeerConnectionState): void {
    this.connectionState = state
    this.onconnectionstatechange?.()
  }
}

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

let clock: HandClock
let peers: FakePeer[]
let offers: string[]
let candidates: string[]
let states: LegState['is'][]
let isSocketUp: boolean
let microphone: () => Promise<MediaStream>
let track: { enabled: boolean; stop: () => void; onended: (() => void) | null }
let leg: MediaLeg

beforeEach(() => {
  clock = new HandClock()
  peers = []
  offers = []
  candidates = []
  states = []
  isSocketUp = true
  track = { enabled: true, stop: () => {}, onended: null }
  const stream = { getTracks: () => [track], getAudioTracks: () => [track] } as unknown as MediaStream
  microphone = () => Promise.resolve(stream)
  leg = new MediaLeg(
    {
      openMicrophone: () => microphone(),
      createConnection: () => {
        const peer = new FakePeer()
        peers.push(peer)
        return peer as unknown as RTCPeerConnection
      },
      sendOffer: (sdp) => {
        offers.push(sdp)
        return Promise.resolve(isSocketUp)
      },
      sendCandidate: (candidate) => candidates.push(candidate),
      playRemote: () => {},
      setTimer: clock.setTimer,
      clearTimer: clock.clearTimer,
    },
    (state) => states.push(state.is),
  )
})

async function bringUp(): Promise<FakePeer> {
  await leg.start()
  await leg.takeAnswer('answer', null)
  const peer = peers.at(-1)
  if (!peer) throw new Error('no connection was made')
  peer.become('connected')
  return peer
}

test('the browser offers, the server answers, and audio is up', async () => {
  await bringUp()
  expect(states).toEqual(['asking', 'connecting', 'up'])
  expect(offers).toEqual(['first'])
})

test('candidates found before the offer left follow it', async () => {
  const start = leg.start()
  await start
  peers[0]?.onicecandidate?.({ candidate: { candidate: 'candidate:1' } })
  peers[0]?.onicecandidate?.({ candidate: null })
  expect(candidates).toEqual(['candidate:1'])
})

test('a short gap heals by itself', async () => {
  const peer = await bringUp()
  peer.become('disconnected')
  clock.forward(DISCONNECTED_MS - 1)
  peer.become('connected')
  clock.forward(60_000)
  expect(offers).toEqual(['first'])
})

test('a longer one restarts ICE on the same connection', async () => {
  const peer = await bringUp()
  peer.become('disconnected')
  clock.forward(DISCONNECTED_MS)
  await settle()
  expect(offers).toEqual(['first', 'restart'])
  expect(peers).toHaveLength(1)
  expect(leg.current.is).toBe('lost')
  await leg.takeAnswer('answer', null)
  peer.become('connected')
  expect(leg.current.is).toBe('up')
})

test('when the restart fails too, everything is made anew', async () => {
  const peer = await bringUp()
  peer.become('failed')
  await settle()
  await leg.takeAnswer('answer', null)
  clock.forward(CONNECT_MS_MAX)
  clock.forward(RETRY_MS)
  await settle()
  expect(peers).toHaveLength(2)
  expect(peer.isClosed).toBe(true)
  expect(offers).toEqual(['first', 'restart', 'first'])
})

test('a microphone that is refused is a state with a reason, and can be asked for again', async () => {
  const allowed = microphone
  microphone = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
  await leg.start()
  expect(leg.current).toEqual({ is: 'blocked', problem: 'denied' })
  microphone = allowed
  await leg.start()
  expect(leg.current.is).toBe('connecting')
})

test('mute holds for the microphone that is open and for the next one', async () => {
  await bringUp()
  leg.setMuted(true)
  expect(track.enabled).toBe(false)
  track.enabled = true
  await leg.changeMicrophone()
  expect(track.enabled).toBe(false)
})

test('a socket that comes back leaves audio alone when both sides have it', async () => {
  await bringUp()
  await leg.resync(true)
  expect(offers).toEqual(['first'])
  await leg.resync(false)
  expect(offers).toEqual(['first', 'first'])
})

test('an offer that could not be sent waits for the socket', async () => {
  isSocketUp = false
  await leg.start()
  expect(leg.current.is).toBe('lost')
  isSocketUp = true
  await leg.resync(false)
  expect(offers).toHaveLength(2)
})

test('an answer that says no is told and tried again later', async () => {
  await leg.start()
  await leg.takeAnswer(null, 'no codec in common')
  expect(leg.current).toEqual({ is: 'blocked', problem: 'refused', detail: 'no codec in common' })
  clock.forward(RETRY_MS)
  await settle()
  expect(offers).toHaveLength(2)
})

test('stopped, nothing is left open', async () => {
  const peer = await bringUp()
  let stopped = 0
  track.stop = () => {
    stopped += 1
  }
  leg.stop()
  clock.forward(60_000)
  expect([peer.isClosed, stopped, leg.current.is]).toEqual([true, 1, 'off'])
})
