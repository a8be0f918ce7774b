// Which keys do what, as this user of this browser wants it. Every one needs Ctrl or Alt, or is a function key, so that no typed
// letter ever answers or ends a call (WCAG 2.1.4).
import { useStore } from 'zustand'
import { createStore } from 'zustand/vanilla'
import { readSetting, writeSetting } from './storage'

/** `Alt+Shift+KeyA`: modifiers in this order, then the key by its place on the keyboard, which no language of it moves. */
export type Chord = string

/** In the order in which they are listed. */
export const SHORTCUTS = ['palette', 'answer', 'hold', 'mute', 'transfer', 'park', 'keypad', 'hang_up', 'ready', 'wrap_up'] as const
export type Shortcut = (typeof SHORTCUTS)[number]

export const DEFAULT_KEYS: Readonly<Record<Shortcut, Chord>> = {
  palette: 'Ctrl+KeyK',
  answer: 'Alt+Shift+KeyA',
  hold: 'Alt+Shift+KeyH',
  mute: 'Alt+Shift+KeyM',
  transfer: 'Alt+Shift+KeyT',
  park: 'Alt+Shift+KeyP',
  keypad: 'Alt+Shift+KeyD',
  hang_up: 'Alt+Shift+KeyE',
  ready: 'Alt+Shift+KeyR',
  wrap_up: 'Alt+Shift+KeyW',
}

/** What browsers keep for themselves, or people expect of every page. */
const TAKEN =
  /^(Ctrl\+Key[ACDFHJLNOPRSTUVWXYZ]|Ctrl\+Shift\+Key[CIJKNPRTW]|Ctrl\+(Shift\+)?(Tab|Digit\d|Equal|Minus|Enter|Backspace|Delete|Arrow\w+|F\d+)|Alt\+(Key[DEF]|F4|Tab|Home|Arrow\w+|Space)|Ctrl\+Alt\+Delete|F(1|3|5|6|7|11|12))$/

export interface Keymap {
  isOn: boolean
  /** `null`: no key. */
  keys: Readonly<Record<Shortcut, Chord | null>>
}

export const keymapStore = createStore<Keymap>(() => ({ isOn: readSetting('hotkeys') !== 'off', keys: readKeys() }))

/** The action of these keys, if there is one. */
export function shortcutOf(chord: Chord | null): Shortcut | undefined {
  const { isOn, keys } = keymapStore.getState()
  return isOn && chord !== null ? SHORTCUTS.find((name) => keys[name] === chord) : undefined
}

/** Gives the action these keys; whoever had them has none then. */
export function setKeys(name: Shortcut, chord: Chord | null): void {
  const { keys } = keymapStore.getState()
  const changed = { ...keys }
  for (const other of SHORTCUTS) if (chord !== null && changed[other] === chord) changed[other] = null
  changed[name] = chord
  store(changed)
}

export function resetKeys(): void {
  store(DEFAULT_KEYS)
}

export function switchKeys(isOn: boolean): void {
  writeSetting('hotkeys', isOn ? null : 'off')
  keymapStore.setState({ isOn })
}

type Press = Pick<KeyboardEvent, 'code' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>

const MODIFIER_CODE = /^(Control|Alt|Shift|Meta|OS|CapsLock|Fn)/

/** The keys that are down; `null` while there are only modifiers. The command key of a Mac counts as Ctrl. */
export function chordOf(press: Press): Chord | null {
  if (press.code === '' || MODIFIER_CODE.test(press.code)) return null
  return [(press.ctrlKey || press.metaKey) && 'Ctrl', press.altKey && 'Alt', press.shiftKey && 'Shift', press.code].filter(Boolean).join('+')
}

/** Why these keys cannot be chosen. */
export function chordProblem(chord: Chord): 'bare' | 'taken' | null {
  if (TAKEN.test(chord)) return 'taken'
  return /^(Ctrl|Alt)\+/.test(chord) || /^(Shift\+)?F\d+$/.test(chord) ? null : 'bare'
}

/** `Alt+Shift+A`, for people. */
export function chordText(chord: Chord): string {
  return chord.replace(/\b(Key|Digit)(?=.$)/, '').replace(/Arrow(Up|Down|Left|Right)/, (_, way: string) => ARROWS[way] ?? way)
}

const ARROWS: Readonly<Record<string, string>> = { Up: '↑', Down: '↓', Left: '←', Right: '→' }

/** The keys of an action, for its control: shown in its tip and told to readers. Nothing while keys are off. */
export function useKeysOf(name: Shortcut): { text: string; aria: string } | undefined {
  const chord = useStore(keymapStore, (map) => (map.isOn ? map.keys[name] : null))
  if (chord === null) return undefined
  const text = chordText(chord)
  return { text, aria: text.replace(/^Ctrl/, 'Control') }
}

function store(keys: Keymap['keys']): void {
  const own = SHORTCUTS.filter((name) => keys[name] !== DEFAULT_KEYS[name])
  writeSetting('keys', own.length === 0 ? null : JSON.stringify(Object.fromEntries(own.map((name) => [name, keys[name]]))))
  keymapStore.setState({ keys })
}

/** What was chosen before; anything that does not make sense is as it was at first. */
function readKeys(): Keymap['keys'] {
  const keys: Record<Shortcut, Chord | null> = { ...DEFAULT_KEYS }
  const chosen = readJson('keys')
  for (const name of SHORTCUTS) {
    const chord = chosen[name]
    if (chord === null || (typeof chord === 'string' && chordProblem(chord) === null)) keys[name] = chord
  }
  return keys
}

function readJson(setting: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(readSetting(setting) ?? '{}')
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
