// Every screen in both languages and themes: clean for axe, nothing cut off at 1280×720 even with longer texts, and a picture of
// each to look at (e2e/screenshots).
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { isLive, signIn, startShift } from '../support/page'
import { overflowing, stretchTexts } from '../support/stretch'

/** Both languages and both themes, each at least once. */
const LOOKS = [
  { language: 'en', theme: 'light' },
  { language: 'es', theme: 'dark' },
] as const

const shots = new URL('../screenshots/', import.meta.url).pathname

const centre = useCentre()

/** Looks at what is open in every language and theme, then with longer texts. The page must be opened anew afterwards. */
async function look(page: Page, name: string): Promise<void> {
  for (const { language, theme } of LOOKS) {
    const root = page.locator('html')
    if ((await root.getAttribute('lang')) !== language) await page.getByTestId('language').click()
    if ((await root.getAttribute('data-theme')) !== theme) await page.getByTestId('theme').click()
    await expect(root).toHaveAttribute('lang', language)
    await expect(root).toHaveAttribute('data-theme', theme)
    // No tip and no hover of the switches on the picture.
    await page.mouse.move(640, 719)
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
    await expect(page.getByRole('tooltip')).toHaveCount(0)
    await page.screenshot({ path: `${shots}${name}.${language}.${theme}.png`, animations: 'disabled' })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const said = violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `  ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1] ?? ''}`).join('\n')}`)
    expect.soft(said, `${name} in ${language}, ${theme}`).toEqual([])
  }
  await stretchTexts(page)
  await page.screenshot({ path: `${shots}${name}.longer.png`, animations: 'disabled' })
  expect.soft(await overflowing(page), `${name} with longer texts`).toEqual([])
}

test('sign-in and web phone', async ({ page }) => {
  await page.goto(`${centre.http}/login`)
  await expect(page.getByTestId('sign-in-user')).toBeVisible()
  await look(page, 'sign-in')
  await page.goto(`${centre.http}/call`)
  await expect(page.getByTestId('web-phone-call')).toBeVisible()
  await look(page, 'web-phone')
})

test('the desk in a call, and after it', async ({ page }) => {
  test.setTimeout(180_000)
  await signIn(page, centre, 'agent1')
  await look(page, 'desk-off-shift')
  await page.goto(`${centre.http}/desk`)
  await isLive(page)
  await startShift(page)
  const caller = await Caller.call(centre, '1001')
  try {
    await page.getByTestId('answer').click()
    await expect(page.getByTestId('wrap-up')).toHaveAttribute('data-state', 'talking')
    await look(page, 'desk-talking')
    await page.getByTestId('hang-up').click()
    await caller.succeeds()
  } finally {
    caller.leave()
  }
  page.on('dialog', (dialog) => void dialog.accept())
  await page.reload()
  await isLive(page)
  await expect(page.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
  await look(page, 'desk-wrap-up')
})

test('the desk when it rings', async ({ page }) => {
  test.setTimeout(180_000)
  for (const [name, from] of [
    ['known', '+34911000001'],
    ['several', '+34911000149'],
    ['unknown', '+34699999999'],
    ['withheld', 'anonymous'],
  ] as const) {
    if (name === 'known') await signIn(page, centre, 'agent2')
    else {
      await page.goto(`${centre.http}/desk`)
      await isLive(page)
    }
    if ((await page.getByTestId('presence').getAttribute('data-state')) !== 'ready') await startShift(page)
    const caller = await Caller.call(centre, '1001', { from })
    try {
      await expect(page.getByTestId('offer')).toBeVisible()
      await expect(page.getByTestId('pop')).toBeVisible()
      await page.screenshot({ path: `${shots}desk-ringing-${name}.png`, animations: 'disabled' })
      // The record stays as it was while it rang, and an answered call does not ring out while we look.
      await page.getByTestId('answer').click()
      await expect(page.getByTestId('wrap-up')).toHaveAttribute('data-state', 'talking')
      if (name !== 'known') await look(page, `desk-${name}`)
      await page.getByTestId('hang-up').click()
      await caller.succeeds()
    } finally {
      caller.leave()
    }
    await page.getByTestId('wrap-up-done').click()
    await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'ready')
  }
})

test('the pages of an administrator', async ({ page }) => {
  test.setTimeout(300_000)
  await signIn(page, centre, 'admin')
  const rest = await centre.rest('admin')
  const [customer] = await rest.items<{ id: string }>('/customers?q=%2B34911000001')
  const [ticket] = await rest.items<{ id: string }>(`/tickets?customer=${customer?.id}`)
  const [call] = await rest.items<{ id: string }>('/calls')
  const screens: [name: string, path: string][] = [
    ['live', '/live'],
    ['check', '/check'],
    ['customers', '/customers?q=Luc'],
    ['customer', `/customers/${customer?.id}`],
    ['customer-new', '/customers/new'],
    ['customer-edit', `/customers/${customer?.id}/edit`],
    ['customers-import', '/customers/import'],
    ['tickets', '/tickets?q=deco'],
    ['ticket', `/tickets/${ticket?.id}`],
    ['ticket-new', '/tickets/new'],
    ['calls', '/calls'],
    ['call', `/calls/${call?.id}`],
  ]
  for (const [name, path] of screens) {
    await test.step(name, async () => {
      await page.goto(`${centre.http}${path}`)
      await isLive(page)
      await page.waitForLoadState('networkidle')
      await look(page, name)
    })
  }
})
