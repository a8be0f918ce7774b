import { afterEach, beforeEach, expect, test, vi } from 'vitest'

/** The pitches that were begun, when the last of them ends, and how many sounds reach the loudspeaker. */
let pitches: number[]
let endsAt: number
let heard: number

const LOUDSPEAKER = {}

class FakeContext {
  state = 'running'
  currentTime = 0
  destination = LOUDSPEAKER
  createGain() {
    let isHeard = false
    return {
      gain: { value: 0, setValueAtTime() {}, linearRampToValueAtTime() {} },
      connect: (to: unknown) => {
        if (to === LOUDSPEAKER) {
          isHeard = true
          heard += 1
        }
        return to
      },
      disconnect: () => {
        if (isHeard) heard -= 1
        isHeard = false
      },
    }
  }
  createOscillator() {
    const frequency = { value: 0 }
    return {
      frequency,
      connect: (to: unknown) => to,
      start: () => pitches.push(frequency.value),
      stop: (at: number) => {
        endsAt = Math.max(endsAt, at)
      },
    }
  }
}

beforeEach(() => {
  pitches = []
  endsAt = heard = 0
  localStorage.clear()
  vi.resetModules()
  vi.stubGlobal('AudioContext', FakeContext)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function unlocked() {
  const ringer = await import('./ringer')
  ringer.unlockAudio()
  return ringer
}

test('every ring is a tune of its own, and over before the next begins', async () => {
  const ringer = await unlocked()
  const tunes = new Set<string>()
  for (const name of ringer.RING_NAMES) {
    ringer.chooseRing(name)
    pitches = []
    ringer.ringOnce()
    expect(pitches.length).toBeGreaterThan(3)
    expect(endsAt).toBeLessThan(2.5)
    tunes.add(pitches.join())
  }
  expect(tunes.size).toBe(ringer.RING_NAMES.length)
})

test('the chosen ring is remembered, an unknown one is the first', async () => {
  const ringer = await unlocked()
  ringer.chooseRing('chime')
  expect(ringer.chosenRing()).toBe('chime')
  localStorage.setItem('centralita.ring', 'trombone')
  expect(ringer.chosenRing()).toBe('duo')
})

test('before a click gave us sound, nothing rings', async () => {
  const ringer = await import('./ringer')
  ringer.startRinging()
  ringer.ringOnce()
  expect(pitches).toEqual([])
})

test('the bell is silent at once, also in the middle of a ring', async () => {
  vi.useFakeTimers()
  const ringer = await unlocked()
  ringer.startRinging()
  expect(heard).toBe(1)
  vi.advanceTimersByTime(7_000)
  // The third ring has taken the place of the second.
  expect(heard).toBe(1)
  ringer.stopRinging()
  expect(heard).toBe(0)
  vi.advanceTimersByTime(7_000)
  expect(heard).toBe(0)
})
