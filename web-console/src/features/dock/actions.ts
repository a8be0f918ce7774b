// What the dock can do, for its buttons and for the keys alike.
import { createStore } from 'zustand/vanilla'
import { failureText } from '@/api/problem-text'
import { becomeReady } from '@/lib/shift'
import { live } from '@/live/console'
import type { CallView, ConsoleCommand, Presence, WantedPresence } from '@/live/protocol'
import { floorStore, foremostCall } from '@/live/stores/floor'
import { phone, phoneStore } from '@/phone/softphone'
import { showToast } from '@/ui'

export type DockAction = 'answer' | 'hold' | 'mute' | 'transfer' | 'park' | 'keypad' | 'hang_up' | 'ready'

/** An offer cannot be taken or refused in its first moment: the click may have been meant for what was there before. */
export const GUARD_MS = 300

interface DockState {
  open: 'keypad' | 'transfer' | 'park' | null
  pending: ReadonlySet<ConsoleCommand['do']>
}

export const dockStore = createStore<DockState>(() => ({ open: null, pending: new Set() }))

export function openPanel(open: DockState['open']): void {
  dockStore.setState({ open })
}

/** Sends a command of the dock; its button waits until the server has answered. */
export async function send(command: ConsoleCommand): Promise<boolean> {
  const mark = (isPending: boolean) => {
    const pending = new Set(dockStore.getState().pending)
    if (isPending) pending.add(command.do)
    else pending.delete(command.do)
    dockStore.setState({ pending })
  }
  mark(true)
  const failure = await live.command(command)
  mark(false)
  if (failure) showToast({ tone: 'bad', text: failureText(failure) })
  return failure === null
}

const firstSeen = { call: '', at: 0 }
floorStore.subscribe(({ calls }) => {
  const ringing = calls.find((call) => call.state.is === 'offered')
  if (ringing && ringing.id !== firstSeen.call) Object.assign(firstSeen, { call: ringing.id, at: performance.now() })
  if (!ringing) firstSeen.call = ''
})

/** What is left of the first moment of this offer. */
export function guardLeft(call: CallView): number {
  return firstSeen.call === call.id ? Math.max(0, GUARD_MS - (performance.now() - firstSeen.at)) : GUARD_MS
}

export async function answer(call: CallView): Promise<boolean> {
  if (guardLeft(call) > 0) return false
  // A click is what browsers want before sound and microphone.
  void phone.startShift()
  return send({ do: 'answer', call: call.id })
}

/** Who consults turns from one to the other by the same key. */
export function toggleHold(call: CallView): void {
  if (call.consult) {
    if (call.consult.step === 'talking' || call.consult.step === 'waiting') void send({ do: 'consult_swap', call: call.id })
  } else if (call.state.is === 'talking') void send({ do: 'hold', call: call.id })
  else if (call.state.is === 'held') void send({ do: 'resume', call: call.id })
}

export function isOnCall(call: CallView | undefined): call is CallView {
  return call !== undefined && ['talking', 'held', 'reconnecting', 'dialling'].includes(call.state.is)
}

/** Who is asked about a call at the moment; who has joined the conference is not. */
export function askedAbout(call: CallView): NonNullable<CallView['consult']> | undefined {
  return call.consult && call.consult.step !== 'joined' ? call.consult : undefined
}

/** Whether a call could be parked: in a conversation, and nobody else is asked about it. */
export function isParkable(call: CallView | undefined): call is CallView {
  return call !== undefined && (call.state.is === 'talking' || call.state.is === 'held') && !call.consult
}

export async function park(call: CallView): Promise<void> {
  if (await send({ do: 'park', call: call.id })) openPanel(null)
}

/** Whether a call has this agent: then a state that is chosen is for afterwards. */
export function isEngaged(presence: Presence): boolean {
  return presence.state === 'busy' || presence.state === 'wrapping_up' || presence.state === 'offered'
}

/** Calls come, do not come for a reason, or the shift is over. Call it in a click. */
export async function choosePresence(wanted: WantedPresence): Promise<void> {
  if (wanted.state === 'ready') {
    await becomeReady()
    return
  }
  if (wanted.state === 'paused') void phone.startShift()
  const presence = floorStore.getState().agent?.presence
  const isDone = await send({ do: 'set_presence', wanted })
  if (isDone && wanted.state === 'offline' && presence && !isEngaged(presence)) phone.stop()
}

export function runDockAction(action: DockAction): void {
  const call = foremostCall(floorStore.getState().calls)
  switch (action) {
    case 'answer':
      if (call?.state.is === 'offered') void answer(call)
      return
    case 'hold':
      if (call) toggleHold(call)
      return
    case 'mute':
      if (isOnCall(call)) phone.mute(!phoneStore.getState().isMuted)
      return
    case 'transfer':
      if (isOnCall(call) && !askedAbout(call)) openPanel('transfer')
      return
    case 'park':
      // While somebody is asked there is no such panel.
      if (call?.consult) return
      // Without a call to be parked, the keys show who is.
      if (isParkable(call)) void park(call)
      else openPanel('park')
      return
    case 'keypad':
      openPanel('keypad')
      return
    case 'hang_up':
      if (isOnCall(call)) void send({ do: 'hang_up', call: call.id })
      return
    case 'ready':
      void becomeReady()
      return
  }
}
