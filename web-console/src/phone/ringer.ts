// The sounds of the softphone, made here: the ring that was chosen, one beep, keypad tones. One audio context per tab, opened by a
// click.
import { chosenDevice } from './devices'
import { readSetting, writeSetting } from '@/lib/storage'

type SinkContext = AudioContext & { setSinkId?: (id: string) => Promise<void> }

let context: SinkContext | undefined
let ringTimer: number | undefined
let ringGain: GainNode | undefined

/** A ring lasts about two of three seconds. */
const RING_EVERY_MS = 3_000

/** One note of a ring: when it begins, in seconds, how long it sounds, and its pitch. */
type Note = readonly [at: number, secs: number, hertz: number]

/** Rings to choose from, each heard across a room and none sharp; colleagues side by side tell theirs apart. */
const RINGS = {
  duo: [0, 0.6, 1.2].flatMap((at): Note[] => [
    [at, 0.26, 587.33],
    [at + 0.24, 0.3, 739.99],
  ]),
  chime: [0, 1].flatMap((at): Note[] => [
    [at, 0.5, 783.99],
    [at + 0.22, 0.5, 659.26],
    [at + 0.44, 0.6, 523.25],
  ]),
  pulse: [0, 0.28, 0.56, 1.2, 1.48, 1.76].map((at): Note => [at, 0.16, 440]),
  classic: [0, 1].flatMap((start) => Array.from({ length: 8 }, (_, i): Note => [start + i * 0.09, 0.1, i % 2 === 0 ? 880 : 698.46])),
} as const satisfies Record<string, readonly Note[]>

export type Ring = keyof typeof RINGS
export const RING_NAMES = Object.keys(RINGS) as readonly Ring[]

export function chosenRing(): Ring {
  const stored = readSetting('ring')
  return RING_NAMES.find((name) => name === stored) ?? 'duo'
}

export function chooseRing(name: Ring): void {
  writeSetting('ring', name === 'duo' ? null : name)
}

/** Called in a click, so that the browser lets later rings sound. Without one the promise of `resume` may never settle. */
export function unlockAudio(): void {
  context ??= new AudioContext()
  if (context.state === 'suspended') void context.resume().catch(() => {})
  void applyRinger()
}

/** Whether a ring would be heard. */
export function isAudioUnlocked(): boolean {
  return context?.state === 'running'
}

/** Sends the sounds to the chosen ringer; one that is gone leaves the default. */
export async function applyRinger(): Promise<void> {
  await context?.setSinkId?.(chosenDevice('ringer')).catch(() => {})
}

export function ringVolume(): number {
  const stored = Number(readSetting('ring_volume') ?? '0.6')
  return Number.isFinite(stored) ? Math.min(1, Math.max(0, stored)) : 0.6
}

export function setRingVolume(volume: number): void {
  writeSetting('ring_volume', String(volume))
}

export function startRinging(): void {
  if (ringTimer !== undefined || !context) return
  ringOnce()
  ringTimer = window.setInterval(ringOnce, RING_EVERY_MS)
}

/** Silent at once, also in the middle of a ring. */
export function stopRinging(): void {
  if (ringTimer !== undefined) window.clearInterval(ringTimer)
  ringTimer = undefined
  ringGain?.disconnect()
  ringGain = undefined
}

/** The chosen ring, once. One that still sounds ends. */
export function ringOnce(): void {
  if (!context) return
  ringGain?.disconnect()
  const gain = context.createGain()
  gain.gain.value = ringVolume() * 0.5
  gain.connect(context.destination)
  ringGain = gain
  const start = context.currentTime
  for (const [at, secs, hertz] of RINGS[chosenRing()]) note(gain, hertz, start + at, secs)
}

/** One short note: a call was connected, or ended. */
export function beep(): void {
  if (!context) return
  const gain = context.createGain()
  gain.gain.value = 0.2
  gain.connect(context.destination)
  note(gain, 880, context.currentTime, 0.12)
}

/** The pair of tones of a key, as feedback (ITU-T Q.23). */
export function keyTone(key: string): void {
  const tones = KEY_TONES[key]
  if (!context || !tones) return
  const gain = context.createGain()
  gain.gain.value = 0.12
  gain.connect(context.destination)
  for (const hertz of tones) note(gain, hertz, context.currentTime, 0.12)
}

const KEY_TONES: Readonly<Record<string, readonly [number, number]>> = {
  '1': [697, 1209],
  '2': [697, 1336],
  '3': [697, 1477],
  '4': [770, 1209],
  '5': [770, 1336],
  '6': [770, 1477],
  '7': [852, 1209],
  '8': [852, 1336],
  '9': [852, 1477],
  '*': [941, 1209],
  '0': [941, 1336],
  '#': [941, 1477],
}

function note(out: AudioNode, hertz: number, at: number, secs: number): void {
  if (!context) return
  const tone = context.createOscillator()
  const shape = context.createGain()
  tone.frequency.value = hertz
  shape.gain.setValueAtTime(0, at)
  shape.gain.linearRampToValueAtTime(1, at + 0.015)
  shape.gain.setValueAtTime(1, at + secs - 0.06)
  shape.gain.linearRampToValueAtTime(0, at + secs)
  tone.connect(shape).connect(out)
  tone.start(at)
  tone.stop(at + secs)
  tone.onended = () => shape.disconnect()
}
