// Looking at a screen: in both languages and themes, for axe, with longer texts, and a picture of each (e2e/screenshots).
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { isLive } from './page'
import { overflowing, stretchTexts } from './stretch'

/** In an order in which each step changes one of the two. */
const LOOKS = [
  { language: 'en', theme: 'light' },
  { language: 'es', theme: 'light' },
  { language: 'es', theme: 'dark' },
  { language: 'en', theme: 'dark' },
] as const

const shots = new URL('../screenshots/', import.meta.url).pathname

/** Leaves the screen as it was. `part` narrows what axe is asked to, when the rest was seen before. */
export async function look(page: Page, name: string, part?: string): Promise<void> {
  await inEveryLook(page, name, async (worn) => {
    // In the page itself, and only what is wrong: several times as fast, and we have no frames.
    const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] })
    const { violations } = await (part === undefined ? axe : axe.include(part)).analyze()
    const said = violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `  ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1] ?? ''}`).join('\n')}`)
    expect.soft(said, `${name} ${worn}`).toEqual([])
  })
}

/** Without axe: for a screen of which another one shows all parts. */
export async function glance(page: Page, name: string): Promise<void> {
  await inEveryLook(page, name, async () => {})
}

async function inEveryLook(page: Page, name: string, check: (worn: string) => Promise<void>): Promise<void> {
  await expect(page.locator('.skeleton')).toHaveCount(0)
  for (const { language, theme } of LOOKS) {
    await wear(page, language, theme)
    await expect(page.getByRole('tooltip')).toHaveCount(0)
    await page.screenshot({ path: `${shots}${name}.${language}.${theme}.png`, animations: 'disabled' })
    await check(`in ${language}, ${theme}`)
  }
  const relax = await stretchTexts(page)
  await page.screenshot({ path: `${shots}${name}.longer.png`, animations: 'disabled' })
  expect.soft(await overflowing(page), `${name} with longer texts`).toEqual([])
  await relax()
  // The next screen begins where this one did.
  await wear(page, 'en', 'light')
}

/**
 * By the page's own switches, pressed as programs press them: what is open over the page stays open. A page without switches
 * wears what this browser was told before.
 */
async function wear(page: Page, language: string, theme: string): Promise<void> {
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
}
