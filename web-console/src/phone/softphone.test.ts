import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aCall, aHello } from '@/testing/fake-server'
import type { ConsoleCommand, ServerMessage } from '@/live/protocol'
import { applyToFloor, emptyFloor, floorStore } from '@/live/stores/floor'

const seam = vi.hoisted(() => ({
  commands: [] as unknown[],
  listeners: new Set<(message: unknown) => void>(),
  replaced: new Set<() => void>(),
  isConnected: false,
  rings: 0,
}))

vi.mock('@/live/console', () => ({
  live: {
    command: (command: unknown) => {
      seam.commands.push(command)
      return Promise.resolve(null)
    },
    connect: () => {
      seam.isConnected = true
    },
    disconnect: () => {
      seam.isConnected = false
    },
    onMessage: (listener: (message: unknown) => void) => {
      seam.listeners.add(listener)
      return () => seam.listeners.delete(listener)
    },
    onReplaced: (listener: () => void) => {
      seam.replaced.add(listener)
      return () => seam.replaced.delete(listener)
    },
  },
}))
vi.mock('./ringer', () => ({
  unlockAudio: () => {},
  isAudioUnlocked: () => true,
  beep: () => {},
  startRinging: () => {
    seam.rings = 1
  },
  stopRinging: () => {
    seam.rings = 0
  },
}))

const { phone, phoneStore } = await import('./softphone')

function hear(message: ServerMessage): void {
  floorStore.setState({ ...applyToFloor(floorStore.getState(), message), connection: { is: 'up' } }, true)
  for (const listener of seam.listeners) listener(message)
}

const mutes = () => seam.commands.filter((command): command is ConsoleCommand & { do: 'mute' } => (command as ConsoleCommand).do === 'mute')

beforeEach(() => {
  floorStore.setState(emptyFloor, true)
  seam.commands.length = 0
  phone.attach(true)
  hear({ t: 'hello', ...aHello() })
})

afterEach(() => phone.detach())

test('the bell rings with the offer and stops the instant that it is gone', () => {
  hear({ t: 'call', call: aCall() })
  expect(seam.rings).toBe(1)
  hear({ t: 'call', call: aCall({ version: 2, agent: 'ben' }) })
  expect(seam.rings).toBe(0)
})

test('a lost connection stops the bell: nobody knows whether it still rings', () => {
  hear({ t: 'call', call: aCall() })
  floorStore.setState({ connection: { is: 'reconnecting', attempt: 1, sinceMs: 0 } })
  expect(seam.rings).toBe(0)
})

test('mute acts at once, is told, and news of the call do not open the microphone again', () => {
  hear({ t: 'call', call: aCall({ state: { is: 'talking' } }) })
  phone.mute(true)
  expect(phoneStore.getState().isMuted).toBe(true)
  expect(mutes()).toEqual([{ do: 'mute', is_muted: true }])
  hear({ t: 'call', call: aCall({ version: 2, state: { is: 'held' }, is_muted: false }) })
  expect(phoneStore.getState().isMuted).toBe(true)
})

test('the next call begins with an open microphone', () => {
  hear({ t: 'call', call: aCall({ state: { is: 'talking' } }) })
  phone.mute(true)
  hear({ t: 'call', call: aCall({ version: 2, state: { is: 'over', cause: 'hangup' } }) })
  hear({ t: 'call', call: aCall({ id: 'c2' }) })
  expect(phoneStore.getState().isMuted).toBe(false)
})

test('after a reload the server says whether the microphone is open', () => {
  hear({ t: 'hello', ...aHello({ calls: [aCall({ state: { is: 'talking' }, is_muted: true })] }) })
  expect(phoneStore.getState().isMuted).toBe(true)
})

test('muted while the connection was away, the server is told when it is back', async () => {
  hear({ t: 'call', call: aCall({ state: { is: 'talking' } }) })
  phone.mute(true)
  seam.commands.length = 0
  hear({ t: 'hello', ...aHello({ calls: [aCall({ version: 3, state: { is: 'talking' }, is_muted: false })] }) })
  await Promise.resolve()
  expect(mutes()).toEqual([{ do: 'mute', is_muted: true }])
})

test('a console that was taken over elsewhere lets go, and comes back only when asked', () => {
  expect(seam.isConnected).toBe(true)
  for (const listener of seam.replaced) listener()
  expect([seam.isConnected, phoneStore.getState().isReplaced]).toEqual([false, true])
  phone.takeOver()
  expect([seam.isConnected, phoneStore.getState().isReplaced]).toEqual([true, false])
})
