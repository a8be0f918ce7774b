import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepFocus } from './kept-focus'

let stop: () => void

beforeEach(() => {
  document.body.innerHTML = '<main id="page" tabindex="-1"><section id="wrap-up"><button id="open">Open ticket</button></section></main><input id="search">'
  stop = keepFocus(document)
})

afterEach(() => {
  stop()
  document.body.innerHTML = ''
})

const one = (id: string) => document.getElementById(id) as HTMLElement
const focused = () => document.activeElement?.id

test('a control that leaves the page hands the focus to the part around it, and the part gives it on', async () => {
  one('open').focus()
  one('open').remove()
  await vi.waitFor(() => expect(focused()).toBe('wrap-up'))
  one('search').focus()
  expect(one('wrap-up').hasAttribute('tabindex')).toBe(false)
})

test('a page that leaves hands the focus to the frame of the pages', async () => {
  one('open').focus()
  one('wrap-up').remove()
  await vi.waitFor(() => expect(focused()).toBe('page'))
})

test('a control that is switched off while it works has the focus again afterwards', async () => {
  const open = one('open') as HTMLButtonElement
  open.focus()
  open.blur()
  open.disabled = true
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(document.activeElement).toBe(document.body)
  open.disabled = false
  await vi.waitFor(() => expect(focused()).toBe('open'))
})

test('what takes the focus itself keeps it', async () => {
  one('open').focus()
  one('wrap-up').remove()
  one('search').focus()
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(focused()).toBe('search')
})
