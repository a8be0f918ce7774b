// A number whose callers are not answered before an agent takes the call: set up in the console, heard at both ends.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { MICROPHONE_HERTZ } from '../support/microphone-tone'
import { expectPitch, heardIn, signIn, startShift } from '../support/page'

const CALLER_HERTZ = 640

const centre = useCentre()

test('a caller hears music unanswered until an agent takes the call, as the number says', async ({ page, browser }) => {
  const office = await (await browser.newContext()).newPage()
  await signIn(office, centre, 'admin')
  await office.goto(`${centre.http}/admin/numbers?edit=1001`)
  await office.getByTestId('field-answering').click()
  await office.getByRole('option').nth(1).click()
  await office.getByTestId('field-unanswered-secs').fill('300')
  await office.getByTestId('entry-save').click()
  await expect(office.getByText(/10.*170/)).toBeVisible()
  await office.getByTestId('field-unanswered-secs').fill('90')
  await office.getByTestId('entry-save').click()
  const rest = await centre.rest('admin')
  await expect.poll(async () => (await rest.ask<{ answering: unknown }>('GET', '/numbers/1001')).answering).toEqual({ mode: 'early_media', secs_max: 90, then: 'answer' })

  await signIn(page, centre, 'agent1')
  await startShift(page)
  // The carrier's scenario fails when it is answered before it has confirmed that it hears us.
  const caller = await Caller.call(centre, '1001', { hertz: CALLER_HERTZ, scenario: 'uac_hears_early' })
  try {
    await expect(page.getByTestId('offer')).toBeVisible({ timeout: 30_000 })
    await expect.poll(() => caller.phone.packets).toBeGreaterThan(25)
    expect((await caller.phone.listen(2)).level).toBeGreaterThan(0.005)
    await page.getByTestId('answer').click()
    await expectPitch(() => heardIn(page), CALLER_HERTZ)
    await expectPitch(() => caller.phone.listen(), MICROPHONE_HERTZ)
    await page.getByTestId('hang-up').click()
    await caller.succeeds()
  } finally {
    caller.leave()
  }
  const [call] = await rest.items<{ id: string }>('/calls')
  await office.goto(`${centre.http}/calls/${call?.id}`)
  await expect(office.locator('main')).toContainText(/sin coste para quien llama|without charge to the caller/)
})
