// The main job of the house: a caller goes through the menu, waits, is answered in a browser, and leaves a ticket behind.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { MICROPHONE_HERTZ } from '../support/microphone-tone'
import { expectPitch, heardIn, signIn, startShift } from '../support/page'

const CALLER_HERTZ = 640

const centre = useCentre()

test('a caller goes through the menu, is answered with the record on screen, and leaves a ticket', async ({ page }) => {
  await signIn(page, centre, 'agent1')
  await startShift(page)

  const caller = await Caller.call(centre, '1000', { hertz: CALLER_HERTZ })
  try {
    // The line speaks before the key is pressed.
    await expect.poll(() => caller.phone.packets).toBeGreaterThan(25)
    caller.phone.press('1')

    // It rings, and who calls is painted already.
    await expect(page.getByTestId('offer')).toBeVisible({ timeout: 30_000 })
    await expect(page.getByTestId('pop')).toBeVisible()
    await expect(page.getByTestId('pop-name').first()).not.toBeEmpty()
    await page.getByTestId('answer').click()

    await expectPitch(() => heardIn(page), CALLER_HERTZ)
    await expectPitch(() => caller.phone.listen(), MICROPHONE_HERTZ)

    await test.step('muted, the caller hears nothing of us', async () => {
      await page.getByTestId('mute').click()
      await expect.poll(async () => (await caller.phone.listen(0.5)).level).toBeLessThan(0.005)
      await page.getByTestId('mute').click()
      await expectPitch(() => caller.phone.listen(), MICROPHONE_HERTZ)
    })

    await test.step('on hold, the caller hears music and we hear nobody', async () => {
      await page.getByTestId('hold').click()
      await expect(page.getByTestId('hold')).toHaveAttribute('aria-pressed', 'true')
      await expect.poll(async () => (await heardIn(page)).level).toBeLessThan(0.005)
      const music = await caller.phone.listen(2)
      expect(music.level).toBeGreaterThan(0.005)
      // Many notes, one of which is as high as the microphone's tone; that tone would have nearly all of the sound.
      expect(music.share).toBeLessThan(0.4)
      await page.getByTestId('hold').click()
      await expectPitch(() => heardIn(page), CALLER_HERTZ)
    })

    await page.getByTestId('call-notes').fill('El router parpadea en rojo desde ayer')
    await page.getByTestId('hang-up').click()
    await caller.succeeds()
  } finally {
    caller.leave()
  }

  await test.step('the wrap-up asks what it was about and makes a ticket', async () => {
    await expect(page.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
    await page.getByTestId('disposition-incident.no-service').click()
    await expect(page.getByTestId('disposition')).toHaveAttribute('data-chosen', 'incident.no-service')
    await page.getByTestId('ticket-subject').fill('Sin servicio desde ayer')
    await page.getByTestId('wrap-up').page().getByTestId('ticket-new').click()
    await expect(page.getByTestId('ticket-saved')).toContainText('Sin servicio desde ayer')
    await page.getByTestId('wrap-up-done').click()
    await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'ready')
  })

  await test.step('the timeline of the customer shows the call and the ticket', async () => {
    const rest = await centre.rest('agent1')
    const [customer] = await rest.items<{ id: string }>('/customers?q=%2B34911000001')
    await page.goto(`${centre.http}/customers/${customer?.id}`)
    await expect(page.locator('main')).toContainText('El router parpadea en rojo desde ayer')
    await expect(page.locator('main')).toContainText('Sin servicio desde ayer')
  })
})
