// Focus that would fall to nowhere, because its element left the page or was switched off while it worked. It goes back to the
// element as soon as that can be used again, else to the part of the page where it was: the next Tab goes on from there.
import { useEffect } from 'react'

/** Menus, dialogs and pages that open say first where the focus goes; only then is it lost. */
const GRACE_MS = 100
const PARTS = 'main, aside, section, form, nav, header, footer, [role="group"], [role="dialog"], [role="table"], li'

export function useKeptFocus(): void {
  useEffect(() => keepFocus(document), [])
}

/** Until what it gives is called. */
export function keepFocus(page: Document): () => void {
  let last: HTMLElement | null = null
  let parts: HTMLElement[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  const isLost = () => last !== null && page.activeElement === page.body
  const remember = (event: FocusEvent) => {
    if (!(event.target instanceof HTMLElement) || event.target === page.body) return
    last = event.target
    parts = partsAround(last)
  }
  /** A click beside everything takes the focus away on purpose. */
  const forget = () => {
    last = null
  }
  const restore = () => {
    if (!last || !isLost()) return
    if (last.isConnected) {
      // Switched off: it waits until the change that ends its work.
      if (!last.matches(':disabled')) last.focus({ preventScroll: true })
      return
    }
    const part = parts.find((one) => one.isConnected)
    if (part) focusPart(part)
  }
  const watcher = new MutationObserver(() => {
    if (!isLost()) return
    clearTimeout(timer)
    timer = setTimeout(restore, GRACE_MS)
  })

  page.addEventListener('focusin', remember)
  page.addEventListener('pointerdown', forget, true)
  watcher.observe(page.body, { subtree: true, childList: true, attributeFilter: ['disabled'] })
  return () => {
    page.removeEventListener('focusin', remember)
    page.removeEventListener('pointerdown', forget, true)
    watcher.disconnect()
    clearTimeout(timer)
  }
}

/** From the innermost outwards, as they stand now: once the element has left the page they can no longer be found. */
function partsAround(element: HTMLElement): HTMLElement[] {
  const found: HTMLElement[] = []
  for (let part = element.parentElement?.closest<HTMLElement>(PARTS); part; part = part.parentElement?.closest<HTMLElement>(PARTS)) found.push(part)
  return found
}

/** A part of the page is no control: it takes the focus only for as long as it lasts, and without a frame. */
function focusPart(part: HTMLElement): void {
  if (!part.hasAttribute('tabindex')) {
    part.tabIndex = -1
    part.style.outline = 'none'
    part.addEventListener(
      'blur',
      () => {
        part.removeAttribute('tabindex')
        part.style.outline = ''
      },
      { once: true },
    )
  }
  part.focus({ preventScroll: true })
}
