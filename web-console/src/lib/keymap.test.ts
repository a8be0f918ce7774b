import { beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => {
  localStorage.clear()
  vi.resetModules()
})

const load = () => import('./keymap')
const press = (code: string, modifiers: Partial<Record<'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey', boolean>> = {}) => ({ code, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...modifiers })

test('a letter alone does nothing, with Alt and Shift it answers', async () => {
  const { chordOf, shortcutOf } = await load()
  expect(shortcutOf(chordOf(press('KeyA')))).toBeUndefined()
  expect(shortcutOf(chordOf(press('KeyA', { shiftKey: true })))).toBeUndefined()
  expect(shortcutOf(chordOf(press('KeyA', { altKey: true, shiftKey: true })))).toBe('answer')
  expect(shortcutOf(chordOf(press('KeyK', { metaKey: true })))).toBe('palette')
})

test('modifiers alone are no keys yet', async () => {
  const { chordOf } = await load()
  expect(chordOf(press('AltLeft', { altKey: true }))).toBeNull()
})

test('no default is a key of the browser, and none is given twice', async () => {
  const { chordProblem, DEFAULT_KEYS } = await load()
  for (const chord of Object.values(DEFAULT_KEYS)) expect(chordProblem(chord)).toBeNull()
  expect(new Set(Object.values(DEFAULT_KEYS)).size).toBe(Object.keys(DEFAULT_KEYS).length)
})

test('bare keys and those of the browser are refused', async () => {
  const { chordProblem } = await load()
  expect(chordProblem('KeyA')).toBe('bare')
  expect(chordProblem('Shift+KeyA')).toBe('bare')
  expect(chordProblem('Ctrl+KeyT')).toBe('taken')
  expect(chordProblem('Alt+F4')).toBe('taken')
  expect(chordProblem('F9')).toBeNull()
  expect(chordProblem('Ctrl+Alt+KeyT')).toBeNull()
})

test('keys that another action has are taken from it, and all of it is remembered', async () => {
  const { setKeys, keymapStore } = await load()
  setKeys('hang_up', 'Alt+Shift+KeyA')
  expect(keymapStore.getState().keys).toMatchObject({ hang_up: 'Alt+Shift+KeyA', answer: null, hold: 'Alt+Shift+KeyH' })
  vi.resetModules()
  const again = await load()
  expect(again.keymapStore.getState().keys).toMatchObject({ hang_up: 'Alt+Shift+KeyA', answer: null, hold: 'Alt+Shift+KeyH' })
  again.resetKeys()
  expect(again.keymapStore.getState().keys).toEqual(again.DEFAULT_KEYS)
  expect(localStorage.getItem('centralita.keys')).toBeNull()
})

test('switched off, no keys do anything, also after a reload', async () => {
  const { chordOf, shortcutOf, switchKeys } = await load()
  switchKeys(false)
  expect(shortcutOf(chordOf(press('KeyA', { altKey: true, shiftKey: true })))).toBeUndefined()
  vi.resetModules()
  expect((await load()).keymapStore.getState().isOn).toBe(false)
})

test('a setting that makes no sense is left aside', async () => {
  localStorage.setItem('centralita.keys', '{"answer":"KeyA","hold":7,"mute":null}')
  const { keymapStore, DEFAULT_KEYS } = await load()
  expect(keymapStore.getState().keys).toEqual({ ...DEFAULT_KEYS, mute: null })
})

test('keys are shown as people call them', async () => {
  const { chordText } = await load()
  expect(chordText('Alt+Shift+KeyA')).toBe('Alt+Shift+A')
  expect(chordText('Ctrl+Alt+ArrowUp')).toBe('Ctrl+Alt+↑')
  expect(chordText('F9')).toBe('F9')
})
