import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { closeToast, showToast, toastStore } from './toast'

const texts = () => toastStore.getState().map(({ text, times }) => (times > 1 ? `${text} ×${times}` : text))

beforeEach(() => {
  vi.useFakeTimers()
  toastStore.setState([], true)
})
afterEach(() => {
  vi.useRealTimers()
})

test('good news goes by itself, bad news and what can be acted on stays', () => {
  showToast({ tone: 'good', text: 'Saved' })
  showToast({ tone: 'good', text: 'Assigned', action: { label: 'Undo', run: () => {} } })
  const bad = showToast({ tone: 'bad', text: 'Lost' })
  vi.advanceTimersByTime(60_000)
  expect(texts()).toEqual(['Assigned', 'Lost'])
  closeToast(bad)
  expect(texts()).toEqual(['Assigned'])
})

test('what is said again is counted, not piled up', () => {
  for (let i = 0; i < 30; i += 1) showToast({ tone: 'bad', text: 'A ticket has passed its deadline.' })
  showToast({ tone: 'bad', text: 'Lost' })
  showToast({ tone: 'bad', text: 'A ticket has passed its deadline.' })
  expect(texts()).toEqual(['Lost', 'A ticket has passed its deadline. ×31'])
})

test('the timer of an older word does not take the newer one away', () => {
  showToast({ tone: 'good', text: 'Saved' })
  vi.advanceTimersByTime(5_000)
  showToast({ tone: 'good', text: 'Saved' })
  vi.advanceTimersByTime(2_000)
  expect(texts()).toEqual(['Saved ×2'])
  vi.advanceTimersByTime(5_000)
  expect(texts()).toEqual([])
})
