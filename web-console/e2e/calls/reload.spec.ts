// What interrupts a page does not interrupt a call.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { expectPitch, heardIn, isLive, signIn, startShift } from '../support/page'

const centre = useCentre()

test('a reload in mid-call brings the audio back, and the call goes on', async ({ page }) => {
  await signIn(page, centre, 'agent1')
  await startShift(page)
  const caller = await Caller.call(centre, '1001', { hertz: 530 })
  try {
    await page.getByTestId('answer').click()
    await expectPitch(() => heardIn(page), 530)
    page.once('dialog', (dialog) => void dialog.accept())
    await page.reload()
    await isLive(page)
    await expectPitch(() => heardIn(page), 530)
    await page.getByTestId('hang-up').click()
    await caller.succeeds()
  } finally {
    caller.leave()
  }
})

test('a server that dies comes back to a console that finds it by itself', async ({ page }) => {
  await signIn(page, centre, 'agent2')
  await centre.kill()
  await expect(page.locator('body')).not.toHaveAttribute('data-live', 'up')
  await expect(page.getByTestId('connection')).toBeVisible()
  await centre.start()
  await isLive(page)
  // It is the same session: nobody signs in again.
  await startShift(page)
})
