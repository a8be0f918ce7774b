// The softphone of this tab: joins the media leg, the ringer and the tabs with the live floor. The server is the truth about
// calls; this owns a microphone, a loudspeaker and a bell.
import { createStore } from 'zustand/vanilla'
import { live } from '@/live/console'
import type { ServerMessage } from '@/live/protocol'
import { addNotice, floorStore, foremostCall } from '@/live/stores/floor'
import { chosenDevice, listDevices, onDevicesChanged, openMicrophone, sendSoundTo } from './devices'
import { LineMeter, type LineQuality } from './meter'
import { MediaLeg, type LegState } from './media-leg'
import { beep, isAudioUnlocked, startRinging, stopRinging, unlockAudio } from './ringer'
import { TabLeader, type Leadership } from './tab-leader'

const QUALITY_EVERY_MS = 2_000
/** A free lock comes at once; after this another tab has it. */
const LOCK_MS = 400

export interface PhoneState {
  leg: LegState
  /** `asked`: not known yet. */
  leadership: Leadership | 'asked'
  /** What this tab does with the microphone; `null` until the first call says. */
  isMuted: boolean
  quality: LineQuality | null
  /** Another console of the same user took over. */
  isReplaced: boolean
}

const initial: PhoneState = { leg: { is: 'off' }, leadership: 'asked', isMuted: false, quality: null, isReplaced: false }

export const phoneStore = createStore<PhoneState>(() => initial)

let remote: HTMLAudioElement | undefined
let stopListening: (() => void) | undefined
let stopFloor: (() => void) | undefined
let stopDevices: (() => void) | undefined
let qualityTimer: number | undefined
let meter = new LineMeter()
/** Whether the shift runs: then the leg is kept up. */
let isOnShift = false
/** Agents with a telephone of their own have no leg here. */
let hasOwnPhone = false
let wasConnected = false
let askedTimer: number | undefined
/** The call for which `isMuted` holds. Within a call this tab's wish is the truth; a new call or page takes the server's. */
let mutedCall: string | undefined

const leg = new MediaLeg(
  {
    openMicrophone,
    createConnection: () => new RTCPeerConnection(),
    sendOffer: async (sdp) => (await live.command({ do: 'media_offer', sdp })) === null,
    sendCandidate: (candidate) => {
      void live.command({ do: 'media_candidate', candidate })
    },
    playRemote,
    setTimer: (run, ms) => window.setTimeout(run, ms),
    clearTimer: (id) => window.clearTimeout(id),
  },
  (state) => {
    phoneStore.setState(state.is === 'up' ? { leg: state } : { leg: state, quality: null })
    if (state.is === 'up') meter = new LineMeter()
  },
)

const leader = new TabLeader('locks' in navigator ? (navigator.locks as never) : undefined, 'centralita.softphone', (leadership) => {
  phoneStore.setState({ leadership })
  if (leadership === 'leader') takeFloor()
  else leaveFloor()
})

/** One console per agent: the server keeps the newest, so a tab that looks on must not connect. */
function takeFloor(): void {
  phoneStore.setState({ isReplaced: false })
  live.connect()
}

/** Another console, in another browser: the leg goes, nothing comes back by itself. */
function giveWay(): void {
  phoneStore.setState({ isReplaced: true })
  leaveFloor()
}

function leaveFloor(): void {
  stopRinging()
  leg.stop()
  live.disconnect()
}

export const phone = {
  /** The page has a session: listen to the floor, and take up again what a reload interrupted. */
  attach(hasAgent: boolean): void {
    const stopMessages = live.onMessage(onMessage)
    const stopReplaced = live.onReplaced(giveWay)
    stopListening = () => {
      stopMessages()
      stopReplaced()
    }
    stopFloor = floorStore.subscribe(ring)
    stopDevices = onDevicesChanged(() => void followDevices())
    qualityTimer = window.setInterval(() => void readQuality(), QUALITY_EVERY_MS)
    window.addEventListener('beforeunload', warnBeforeLeaving)
    // After a reload the bell may be locked until the first touch.
    window.addEventListener('pointerdown', unlockOnTouch)
    window.addEventListener('keydown', unlockOnTouch)
    // Who takes no calls may look from as many tabs as they like.
    if (hasAgent) {
      leader.start()
      askedTimer = window.setTimeout(() => {
        if (phoneStore.getState().leadership === 'asked') phoneStore.setState({ leadership: 'waiting' })
      }, LOCK_MS)
    } else {
      phoneStore.setState({ leadership: 'leader' })
      live.connect()
    }
  },
  detach(): void {
    stopListening?.()
    stopFloor?.()
    stopDevices?.()
    window.clearInterval(qualityTimer)
    window.clearTimeout(askedTimer)
    window.removeEventListener('beforeunload', warnBeforeLeaving)
    window.removeEventListener('pointerdown', unlockOnTouch)
    window.removeEventListener('keydown', unlockOnTouch)
    phone.stop()
    leader.stop()
    phoneStore.setState(initial, true)
  },
  /** Called in a click: unlocks sound, asks for the microphone, opens the leg. */
  async startShift(): Promise<void> {
    isOnShift = true
    unlockAudio()
    if (typeof Notification !== 'undefined' && Notification.permission === 'default') void Notification.requestPermission()
    if (needsLeg()) await leg.start()
  },
  /** Waits until audio can flow, at most `ms`; at once when this agent needs no leg here. */
  async whenReady(ms: number): Promise<void> {
    if (hasOwnPhone || leg.current.is === 'up' || leg.current.is === 'blocked' || leg.current.is === 'off') return
    await new Promise<void>((resolve) => {
      const timer = window.setTimeout(done, ms)
      const unsubscribe = phoneStore.subscribe(({ leg: state }) => {
        if (state.is === 'up' || state.is === 'blocked') done()
      })
      function done(): void {
        window.clearTimeout(timer)
        unsubscribe()
        resolve()
      }
    })
  },
  stop(): void {
    isOnShift = false
    stopRinging()
    leg.stop()
  },
  /** Set by who knows the agent's device. */
  setOwnPhone(hasPhone: boolean): void {
    if (hasOwnPhone === hasPhone) return
    hasOwnPhone = hasPhone
    if (hasPhone) leg.stop()
    else resume()
  },
  /** Acts here at once; the server is told by the same act. */
  mute(isMuted: boolean): void {
    setMuted(isMuted)
    void live.command({ do: 'mute', is_muted: isMuted })
  },
  takeOver(): void {
    if (phoneStore.getState().leadership === 'leader') takeFloor()
    else leader.steal()
  },
  async applyDevices(): Promise<void> {
    if (remote) await sendSoundTo(remote, chosenDevice('speaker'))
    await leg.changeMicrophone()
  },
  /** For the check and for tests. */
  connection(): RTCPeerConnection | undefined {
    return leg.peer
  },
  async level(): Promise<number> {
    const connection = leg.peer
    return connection && leg.current.is === 'up' ? meter.level(connection) : 0
  },
  async openLegForCheck(): Promise<void> {
    if (phoneStore.getState().leadership === 'leader' && !hasOwnPhone) await leg.start()
  },
}

function needsLeg(): boolean {
  return isOnShift && !hasOwnPhone && phoneStore.getState().leadership === 'leader' && !phoneStore.getState().isReplaced
}

/** After a reload the shift goes on without a click: the microphone was allowed before. */
function resume(): void {
  const floor = floorStore.getState()
  const presence = floor.agent?.presence.state
  if (presence !== undefined && presence !== 'offline') isOnShift = true
  if (floor.calls.length > 0 || floor.supervised !== null) isOnShift = true
  if (!needsLeg() || floor.connection.is !== 'up') return
  unlockAudio()
  if (leg.current.is === 'off') void leg.start()
}

function onMessage(message: ServerMessage): void {
  switch (message.t) {
    case 'hello': {
      const call = foremostCall(floorStore.getState().calls)
      const { isMuted } = phoneStore.getState()
      // The connection counts as up only after the stores have the hello.
      queueMicrotask(() => {
        resume()
        void leg.resync(message.agent?.has_device ?? false)
        if (call && call.id === mutedCall && call.is_muted !== isMuted) void live.command({ do: 'mute', is_muted: isMuted })
      })
      return
    }
    case 'media_answer':
      void leg.takeAnswer(message.sdp, message.problem)
      return
    case 'notice':
      if (message.key === 'session_replaced') giveWay()
      return
    default:
      return
  }
}

/** Follows the floor: bell, beep, microphone. */
function ring(): void {
  const floor = floorStore.getState()
  const call = foremostCall(floor.calls)
  const isRinging = floor.connection.is === 'up' && (call?.state.is === 'offered' || call?.hold === 'recall') && phoneStore.getState().leadership === 'leader'
  if (isRinging) startRinging()
  else stopRinging()
  const isConnected = call?.state.is === 'talking' || call?.state.is === 'held'
  if (isConnected && !wasConnected) beep()
  wasConnected = isConnected
  if (call?.id !== mutedCall) {
    mutedCall = call?.id
    setMuted(call?.is_muted ?? false)
  }
}

function setMuted(isMuted: boolean): void {
  leg.setMuted(isMuted)
  phoneStore.setState({ isMuted })
}

function playRemote(stream: MediaStream | null): void {
  if (!remote) {
    remote = new Audio()
    remote.autoplay = true
    // Found by measurements of what the agent hears.
    remote.id = 'remote-audio'
    remote.hidden = true
    document.body.append(remote)
  }
  remote.srcObject = stream
  if (!stream) return
  void sendSoundTo(remote, chosenDevice('speaker'))
  void remote.play().catch(() => {})
}

/** A device that was chosen and is gone: go on with the default one, and say so. */
async function followDevices(): Promise<void> {
  for (const [use, kind] of [
    ['microphone', 'audioinput'],
    ['speaker', 'audiooutput'],
  ] as const) {
    const chosen = chosenDevice(use)
    if (chosen === '') continue
    const devices = await listDevices(kind)
    if (devices.length > 0 && !devices.some((device) => device.id === chosen)) {
      addNotice('headset_gone')
      if (use === 'speaker' && remote) await sendSoundTo(remote, '')
    }
  }
}

async function readQuality(): Promise<void> {
  const connection = leg.peer
  const isTalking = floorStore.getState().calls.some((call) => call.state.is === 'talking')
  if (!connection || leg.current.is !== 'up' || !isTalking) {
    if (phoneStore.getState().quality) phoneStore.setState({ quality: null })
    return
  }
  const quality = await meter.quality(connection)
  if (quality) phoneStore.setState({ quality })
}

function unlockOnTouch(): void {
  if (isOnShift && !isAudioUnlocked()) unlockAudio()
}

function warnBeforeLeaving(event: BeforeUnloadEvent): void {
  const isLive = floorStore.getState().calls.some((call) => ['talking', 'held', 'dialling', 'reconnecting'].includes(call.state.is))
  if (isLive) event.preventDefault()
}
