// An administrator writes down in the browser what a carrier wants and what may be dialled; a call goes out as that says, and one
// that may not is told why.
import { expect, test } from '@playwright/test'
import { useCentre } from '../support/centre'
import { FarEnd } from '../support/far-end'
import { anotherPage, expectPitch, heardIn, signIn, startShift } from '../support/page'

const CUSTOMER_HERTZ = 740

const centre = useCentre()

test('a trunk is called in its own form, and a number that the rules do not allow is refused at the desk', async ({ page, browser }) => {
  const farEnd = await FarEnd.open({ hertz: CUSTOMER_HERTZ, ringsMs: 500 })
  try {
    await signIn(page, centre, 'admin')
    await page.goto(`${centre.http}/admin/trunks?edit=local`)
    await page.getByTestId('field-peer').fill(farEnd.peer)
    await page.getByTestId('field-caller-default').fill('+34 911 000 000')
    await page.getByTestId('rows-numbers_out-add').click()
    await page.getByTestId('numbers_out-pattern-0').fill('+34xxxxxxxxx')
    await page.getByTestId('numbers_out-strip-0').fill('13')
    await page.getByTestId('field-codecs').fill('pcmu')
    await page.getByTestId('rows-headers-add').click()
    await page.getByTestId('field-header-name-0').fill('Via')
    await page.getByTestId('field-header-value-0').fill('4711')
    await page.getByTestId('entry-save').click()
    // What cannot be is told at its field, in the page's language.
    await expect(page.getByTestId('rows-headers')).toContainText('Via es parte de SIP')
    await expect(page.getByTestId('numbers_out-strip-0')).toHaveAttribute('aria-invalid', 'true')
    await page.getByTestId('numbers_out-strip-0').fill('3')
    await page.getByTestId('field-header-name-0').fill('X-Account')
    await page.getByTestId('entry-save').click()
    await expect(page.getByTestId('entry-save')).toHaveCount(0)

    await page.goto(`${centre.http}/admin/centre`)
    await page.getByTestId('field-dialling-allowed').fill('+34\n+44')
    await page.getByTestId('field-dialling-denied').fill('+34806')
    await page.getByTestId('entry-save').click()
    await expect(page.getByTestId('entry-save')).toBeDisabled()

    const desk = await anotherPage(browser, centre, 'agent1')
    await desk.goto(`${centre.http}/desk`)
    await startShift(desk)
    await desk.getByTestId('keypad').click()
    for (const number of ['+15551234567', '806 123 456']) {
      await desk.getByTestId('dial-number').fill(number)
      await desk.getByTestId('dial').click()
      await expect(desk.getByText('Las reglas de marcado no permiten este número').first()).toBeVisible()
    }
    await desk.getByTestId('dial-number').fill('911 222 333')
    await desk.getByTestId('dial').click()
    await expect(desk.getByTestId('hold')).toBeEnabled()
    expect(farEnd.invitation()).toMatch(/^INVITE sip:911222333@/)
    expect(farEnd.invitation()).toMatch(/\r?\nX-Account: 4711\r?\n/)
    expect(farEnd.invitation()).toMatch(/\r?\nFrom: .*<sip:9100000\d\d@/)
    await expectPitch(() => heardIn(desk), CUSTOMER_HERTZ)
    await desk.getByTestId('hang-up').click()
    await farEnd.succeeds()
    await desk.context().close()

    await page.goto(`${centre.http}/admin/audit`)
    await expect(page.getByText('no se le permitió marcar fuera').first()).toBeVisible()
  } finally {
    farEnd.leave()
  }
})
