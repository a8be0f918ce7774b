// A shift without a mouse: nothing is out of reach, and the focus is never lost on the way.
import { expect, test, type Page } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { isLive } from '../support/page'

const centre = useCentre()

test('sign-in, a call, its wrap-up and a ticket by keys alone', async ({ page }) => {
  await page.goto(`${centre.http}/login`)
  await expect(page.getByTestId('sign-in-user')).toBeFocused()
  await page.keyboard.type('agent1')
  await page.keyboard.press('Tab')
  await page.keyboard.type(centre.password('agent1'))
  await page.keyboard.press('Enter')
  await isLive(page)
  await page.keyboard.press('Alt+Shift+R')
  await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'ready')

  const caller = await Caller.call(centre, '1001', { from: '+34911000001' })
  try {
    // In its first moment an offer takes no key: it may have been meant for something else.
    await expect(page.getByTestId('answer')).toBeEnabled()
    await page.keyboard.press('Alt+Shift+A')
    await expect(page.getByTestId('wrap-up')).toHaveAttribute('data-state', 'talking')
    await page.keyboard.press('Alt+Shift+E')
    await caller.succeeds()
  } finally {
    caller.leave()
  }
  await expect(page.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
  await page.keyboard.press('Alt+Shift+W')
  await page.keyboard.type('Pide cambiar la cita')
  await tabTo(page, /^disposition-/)
  await page.keyboard.press('2')

  await test.step('the call joins the open ticket, and the next Tab goes on from there', async () => {
    await tabTo(page, /^ticket-add-/)
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('ticket-saved')).toBeVisible()
    await tabTo(page, /^wrap-up-done$/, 5)
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'ready')
    await isFocusKept(page)
  })

  await test.step('the palette leads to the tickets, and a new one opens with the focus on its page', async () => {
    await page.keyboard.press('Control+k')
    await expect(page.getByTestId('palette-text')).toBeFocused()
    await page.keyboard.type('tickets')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/tickets$/)
    await isFocusKept(page)
    await tabTo(page, /^ticket-new$/)
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('ticket-subject')).toBeFocused()
    await page.keyboard.type('Cambio de cita')
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('ticket-title')).toHaveText('Cambio de cita')
    await isFocusKept(page)
    await tabTo(page, /^move-solved$/)
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('move-solved')).toHaveCount(0)
    await isFocusKept(page)
  })

  await test.step('a deadline says its point in time to whoever reaches it', async () => {
    await page.keyboard.press('Control+k')
    await expect(page.getByTestId('palette-text')).toBeFocused()
    await page.keyboard.type('tickets')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('row').nth(1)).toBeVisible()
    await tabTo(page, /^ticket-\d+$/)
    await page.keyboard.press('Tab')
    await expect(page.getByRole('tooltip')).toHaveText(/\d{4}, \d{2}:\d{2}/)
  })
})

/** Presses Tab until the focus is on what bears this test id. */
async function tabTo(page: Page, testId: RegExp, pressesMax = 40): Promise<void> {
  for (let presses = 0; presses < pressesMax; presses++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.testid ?? '')
    if (testId.test(focused)) return
  }
  throw new Error(`no ${testId} within ${pressesMax} Tabs`)
}

/** In the page, and not at the top of everything. */
async function isFocusKept(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(() => document.activeElement !== document.body && document.activeElement?.closest('main') !== null)).toBe(true)
}
