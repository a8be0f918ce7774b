// What an agent's hands do: typing while it rings, keys, the palette, deciding in a call what comes after it.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { isLive, signIn, startShift } from '../support/page'

const centre = useCentre()

test('a call that rings takes neither focus nor letters, and no Enter or Space answers it', async ({ page }) => {
  await signIn(page, centre, 'agent1')
  await startShift(page)
  await page.goto(`${centre.http}/tickets/new`)
  await isLive(page)
  const description = page.locator('textarea')
  await description.focus()
  const text = 'El router se reinicia cada noche '
  const caller = await Caller.call(centre, '1001')
  try {
    while (!(await page.getByTestId('offer').isVisible())) await page.keyboard.type(text, { delay: 8 })
    await page.keyboard.type(text, { delay: 8 })
    const typed = await description.inputValue()
    expect(typed.replaceAll(text, '')).toBe('')
    await expect(description).toBeFocused()
    await page.keyboard.press('Space')
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('offer')).toBeVisible()
    await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'offered')

    await test.step('its keys answer it, from within the field, and the page stays', async () => {
      await page.keyboard.press('Alt+Shift+A')
      await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'busy')
      await expect(page).toHaveURL(/\/tickets\/new$/)
    })

    await test.step('signing out would leave the caller behind, so it asks', async () => {
      await page.getByTestId('user-menu').click()
      await page.getByTestId('sign-out').click()
      await expect(page.getByTestId('off-shift-after')).toBeVisible()
      await expect(page.getByTestId('sign-out-now')).toHaveCount(0)
      await page.getByTestId('off-shift-after').click()
      await expect(page.getByTestId('presence')).toContainText(/then|luego/)
    })

    await test.step('what comes afterwards can be chosen anew, by a few letters', async () => {
      await page.keyboard.press('Control+k')
      await page.getByTestId('palette-text').fill((await page.locator('html').getAttribute('lang')) === 'es' ? 'comida' : 'lunch')
      await page.keyboard.press('Enter')
      await expect(page.getByTestId('presence')).toContainText(/then (Paused: )?Lunch|luego (En pausa: )?Comida/)
    })

    await page.keyboard.press('Alt+Shift+E')
    await caller.succeeds()
  } finally {
    caller.leave()
  }
  await page.keyboard.press('Alt+Shift+W')
  await expect(page.getByTestId('call-notes')).toBeFocused()
  await page.keyboard.type('Llamar mañana')
  await page.getByTestId('ticket-subject').fill('Reinicios nocturnos')
  await page.getByTestId('ticket-new').click()
  await expect(page.getByTestId('ticket-saved')).toContainText('Reinicios nocturnos')

  await test.step('a reload loses neither notes nor ticket', async () => {
    await page.reload()
    await isLive(page)
    await expect(page.getByTestId('call-notes')).toHaveValue('Llamar mañana')
    await expect(page.getByTestId('ticket-saved')).toContainText('Reinicios nocturnos')
    await expect(page.getByTestId('ticket-new')).toHaveCount(0)
  })

  await page.getByTestId('wrap-up-done').click()
  await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'paused')
  await expect(page.getByTestId('presence')).toContainText(/Lunch|Comida/)
})

test('keys can be others, or none', async ({ page }) => {
  await signIn(page, centre, 'agent2')
  await page.keyboard.press('?')
  await page.getByTestId('keys-ready').click()
  await page.keyboard.press('Control+t')
  await expect(page.getByTestId('keys-ready')).toHaveText(/Press|Pulsa/)
  await page.keyboard.press('F9')
  await expect(page.getByTestId('keys-ready')).toHaveText('F9')
  await page.keyboard.press('Escape')
  await page.keyboard.press('F9')
  await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'ready')

  await page.reload()
  await isLive(page)
  await page.keyboard.press('?')
  await expect(page.getByTestId('keys-ready')).toHaveText('F9')
  await page.getByTestId('keys-on').click()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('a new password holds at once, and the page goes on', async ({ page, browser }) => {
  await signIn(page, centre, 'agent3')
  await page.getByTestId('user-menu').click()
  await page.getByTestId('password').click()
  await page.getByTestId('password-old').fill(centre.password('agent3'))
  for (const field of ['password-new', 'password-again']) await page.getByTestId(field).fill('el sol de la tarde')
  await page.getByTestId('password-save').click()
  await expect(page.getByTestId('password-save')).toHaveCount(0)
  await isLive(page)
  await expect(page).toHaveURL(/\/desk$/)

  const other = await (await browser.newContext()).newPage()
  await other.goto(`${centre.http}/login`)
  await other.getByTestId('sign-in-user').fill('agent3')
  await other.getByTestId('sign-in-password').fill('el sol de la tarde')
  await other.getByTestId('sign-in-submit').click()
  await expect(other.getByTestId('presence')).toBeVisible()
  await other.context().close()
})
