// A language that is 40 % longer than ours, and what it does to a page.
import type { Page } from '@playwright/test'

/** Makes every text of the page longer in place; what people typed and what the centre holds grows too. What it gives takes it back. */
export async function stretchTexts(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const texts: Text[] = []
    while (walker.nextNode()) texts.push(walker.currentNode as Text)
    const stretched: [Text, string, string][] = []
    for (const text of texts) {
      const words = text.data.trim()
      // Figures, times and numbers do not grow with the language.
      if (words === '' || !/\p{Letter}{3}/u.test(words) || text.parentElement?.closest('script, style, [role=timer], time')) continue
      const before = text.data
      const more = Math.ceil(words.length * 0.4)
      text.data = `${text.data} ${'longer text '.repeat(Math.ceil(more / 12)).slice(0, Math.max(0, more - 1))}`
      stretched.push([text, before, text.data])
    }
    Object.assign(window, { stretched })
  })
  return () =>
    page.evaluate(() => {
      const { stretched } = window as unknown as { stretched: [Text, string, string][] }
      // What the page has written anew meanwhile stays.
      for (const [text, before, after] of stretched) if (text.data === after) text.data = before
    })
}

/** What sticks out of the window, or cuts a text off without saying so by an ellipsis. */
export async function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    const name = (element: Element) => `${element.tagName.toLowerCase()} "${(element.textContent ?? '').trim().slice(0, 60)}"`
    const root = document.documentElement
    if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth - root.clientWidth} px too wide`)
    if (root.scrollHeight > root.clientHeight && document.querySelector('[data-testid=dock], [data-testid=offer]')) found.push('the frame scrolls')
    for (const element of document.querySelectorAll('body *')) {
      if (!(element instanceof HTMLElement) || element.closest('.sr-only, [aria-hidden=true], svg')) continue
      const box = element.getBoundingClientRect()
      if (box.width === 0 || box.height === 0) continue
      const style = getComputedStyle(element)
      const isScroller = (parent: Element | null): boolean => parent !== null && (/auto|scroll/.test(getComputedStyle(parent).overflowX + getComputedStyle(parent).overflowY) || isScroller(parent.parentElement))
      if (box.right > window.innerWidth + 1 && !isScroller(element.parentElement)) found.push(`${name(element)} sticks out on the right`)
      const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && (node.textContent ?? '').trim() !== '')
      const isCut = element.scrollWidth > element.clientWidth + 1 && style.overflowX === 'hidden' && style.textOverflow !== 'ellipsis'
      if (hasText && isCut) found.push(`${name(element)} is cut off`)
      // Words that run out of their own control.
      if (element.matches('button, a, [role=radio], [role=tab]') && element.scrollWidth > element.clientWidth + 1 && style.overflowX === 'visible' && style.display !== 'inline') found.push(`${name(element)} is too small for its words`)
      // Controls that a person must reach.
      if (element.matches('button, a, input, select, textarea') && box.bottom > window.innerHeight + 1 && !isScroller(element.parentElement)) found.push(`${name(element)} sticks out below`)
    }
    return [...new Set(found)]
  })
}
