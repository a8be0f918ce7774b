// An agent calls a customer by a click on the number in the record.
import { expect, test } from '@playwright/test'
import { useCentre } from '../support/centre'
import { FarEnd, leadTrunkTo } from '../support/far-end'
import { MICROPHONE_HERTZ } from '../support/microphone-tone'
import { expectPitch, heardIn, signIn, startShift } from '../support/page'

const CUSTOMER_HERTZ = 740

const centre = useCentre()

test('a click on the number of a record calls the customer, and the call stands on the timeline', async ({ page }) => {
  const farEnd = await FarEnd.open({ hertz: CUSTOMER_HERTZ, ringsMs: 1_500 })
  try {
    await leadTrunkTo(centre, farEnd.peer)
    const rest = await centre.rest('agent1')
    const [customer] = await rest.items<{ id: string; name: string }>('/customers?q=%2B34911000001')
    await signIn(page, centre, 'agent1')
    await startShift(page)
    await page.goto(`${centre.http}/customers/${customer?.id}`)
    await page.getByRole('button', { name: /911 000 001/ }).click()

    // The agent's side is there at once and says that the other one rings.
    await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'busy')
    await expect(page.getByTestId('dock')).toContainText(customer?.name ?? '')
    await expect(page.getByTestId('hold')).toBeDisabled()
    // Answered: both hear each other.
    await expect(page.getByTestId('hold')).toBeEnabled()
    expect(farEnd.invitation()).toMatch(/^INVITE sip:\+34911000001@/)
    await expectPitch(() => heardIn(page), CUSTOMER_HERTZ)
    await expectPitch(() => farEnd.phone.listen(), MICROPHONE_HERTZ)
    await page.getByTestId('hang-up').click()
    await farEnd.succeeds()

    await test.step('the same wrap-up as after a call that came in', async () => {
      await page.goto(`${centre.http}/desk`)
      await expect(page.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
      await page.getByTestId('call-notes').fill('Pagará el lunes')
      await page.getByTestId('disposition-billing.payment').click()
      await expect(page.getByTestId('disposition')).toHaveAttribute('data-chosen', 'billing.payment')
      await page.getByTestId('wrap-up-done').click()
      await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'ready')
    })
    await page.goto(`${centre.http}/customers/${customer?.id}`)
    await expect(page.locator('main')).toContainText('Pagará el lunes')
    const [call] = await rest.items<Record<string, unknown>>('/calls')
    expect(call).toMatchObject({ direction: 'outbound', agent: 'agent1', customer: customer?.id, customer_number: '+34911000001', disposition: 'billing.payment' })
  } finally {
    farEnd.leave()
  }
})
