// Looking at a screen: in both languages and both themes, for axe, and with longer texts. Where pictures are asked for (PICTURES=1),
// in every pair of the two, with a picture of each (e2e/screenshots).
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { isLive } from './page'
import { overflowing, stretchTexts } from './stretch'

const HAS_PICTURES = process.env.PICTURES === '1'

type Look = { language: 'en' | 'es'; theme: 'light' | 'dark' }

/** Each language and each theme. The last is what a screen begins with, so that the next one begins there too. */
const LOOKS: readonly Look[] = [
  { language: 'es', theme: 'dark' },
  { language: 'en', theme: 'light' },
]

/** Every pair of them, in an order in which each step changes one of the two. */
const ALL_LOOKS: readonly Look[] = [
  { language: 'es', theme: 'light' },
  { language: 'es', theme: 'dark' },
  { language: 'en', theme: 'dark' },
  { language: 'en', theme: 'light' },
]

/** Leaves the screen as it was. `part` narrows what axe is asked to, when the rest was seen before. */
export async function look(page: Page, name: string, part?: string): Promise<void> {
  await inTurn(page, name, HAS_PICTURES ? ALL_LOOKS : LOOKS, async (worn) => {
    expect.soft(await flaws(page, part), `${name} ${worn}`).toEqual([])
  })
}

/** Without axe: for a screen of which another one shows all parts. */
export async function glance(page: Page, name: string): Promise<void> {
  await inTurn(page, name, HAS_PICTURES ? ALL_LOOKS : [], async () => {})
}

/** What to look at afterwards, where it is asked for. */
export async function picture(page: Page, name: string): Promise<void> {
  if (!HAS_PICTURES) return
  await page.screenshot({ path: new URL(`../screenshots/${name}.png`, import.meta.url).pathname, animations: 'disabled' })
}

async function inTurn(page: Page, name: string, looks: readonly Look[], check: (worn: string) => Promise<void>): Promise<void> {
  // A colour on its way from one theme to the other is of neither.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await expect(page.locator('main')).not.toBeEmpty()
  await expect(page.locator('.skeleton')).toHaveCount(0)
  for (const worn of looks) {
    await wear(page, worn)
    await picture(page, `${name}.${worn.language}.${worn.theme}`)
    await check(`in ${worn.language}, ${worn.theme}`)
  }
  const relax = await stretchTexts(page)
  await picture(page, `${name}.longer`)
  expect.soft(await overflowing(page), `${name} with longer texts`).toEqual([])
  await relax()
}

/** What axe finds wrong. */
async function flaws(page: Page, part: string | undefined): Promise<string[]> {
  // In the page itself, and only what is wrong: several times as fast, and we have no frames.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] })
  const { violations } = await (part === undefined ? axe : axe.include(part)).analyze()
  return violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `  ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1] ?? ''}`).join('\n')}`)
}

/**
 * By the page's own switches, pressed as programs press them: what is open over the page stays open. A page without switches
 * wears what this browser was told before.
 */
async function wear(page: Page, { language, theme }: Look): Promise<void> {
  const root = page.locator('html')
  if ((await page.getByTestId('language').count()) === 0) {
    await page.evaluate(([language, theme]) => Object.assign(localStorage, { 'centralita.language': language, 'centralita.theme': theme }), [language, theme])
    await page.reload()
    await isLive(page)
    await expect(page.locator('.skeleton')).toHaveCount(0)
  }
  for (const [attribute, wanted, testId] of [
    ['lang', language, 'language'],
    ['data-theme', theme, 'theme'],
  ] as const) {
    if ((await root.getAttribute(attribute)) === wanted) continue
    await page.getByTestId(testId).dispatchEvent('click')
    await expect(root).toHaveAttribute(attribute, wanted)
  }
  // Even the shortest change of a colour takes a frame, and frames are rare on a busy machine.
  await page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame)
    await frame()
    await frame()
    const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity)
    await Promise.allSettled(ending.map((one) => one.finished))
  })
  // A tip that the pointer opened would lie over something.
  await expect(page.getByRole('tooltip')).toHaveCount(0)
}
