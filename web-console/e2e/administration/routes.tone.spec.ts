// An administrator says in the browser by which trunks numbers go out; the cheapest refuses, and the call goes on by the next.
import { expect, test } from '@playwright/test'
import { useCentre } from '../support/centre'
import { FarEnd } from '../support/far-end'
import { anotherPage, expectPitch, heardIn, signIn, startShift } from '../support/page'
import { RefusingEnd } from '../support/refusing-end'

const CUSTOMER_HERTZ = 740

const centre = useCentre()

test('a route made by hand sends a call to the cheapest trunk and, when that refuses, to the next', async ({ page, browser }) => {
  const refusing = await RefusingEnd.open('503 Service Unavailable')
  const farEnd = await FarEnd.open({ hertz: CUSTOMER_HERTZ, ringsMs: 500 })
  try {
    const admin = await centre.rest('admin')
    for (const [id, name, peer] of [
      ['cheap', 'Cheap carrier', refusing.peer],
      ['dear', 'Dear carrier', farEnd.peer],
    ])
      await admin.ask('POST', '/trunks', { id, name, peer, sources: [], username: null, realm: null, transport: 'udp', calls_max: 10, is_active: true })
    await signIn(page, centre, 'admin')
    await page.goto(`${centre.http}/admin/routes`)
    await page.getByTestId('entry-new').click()
    await page.getByTestId('field-name').fill('Spain')
    await page.getByTestId('field-prefix').fill('+34')
    await page.getByTestId('entry-save').click()
    await expect(page.getByTestId('rows-trunks')).toContainText('Añade el enlace')
    const rows = page.getByTestId('rows-trunks')
    for (const [index, name, cost] of [
      [0, 'Dear carrier', '30'],
      [1, 'Cheap carrier', '12'],
      [2, 'This machine', '99'],
    ] as const) {
      await page.getByTestId('rows-trunks-add').click()
      await rows.getByRole('button', { name: /Enlace$/ }).nth(index).click()
      await page.getByRole('option', { name }).click()
      await page.getByTestId(`field-cost-${index}`).fill(cost)
    }
    // A row that goes takes nothing of the others along.
    await page.getByRole('button', { name: 'Quitar el n.º 1 de Enlaces' }).click()
    await expect(page.getByTestId('field-cost-0')).toHaveValue('12')
    await page.getByRole('button', { name: 'Quitar el n.º 2 de Enlaces' }).click()
    await page.getByTestId('rows-trunks-add').click()
    await rows.getByRole('button', { name: /Enlace$/ }).nth(1).click()
    await page.getByRole('option', { name: 'Dear carrier' }).click()
    await page.getByTestId('field-cost-1').fill('-1')
    await page.getByTestId('entry-save').click()
    await expect(page.getByTestId('field-cost-1')).toHaveAttribute('aria-invalid', 'true')
    await page.getByTestId('field-cost-1').fill('30')
    await page.getByTestId('entry-save').click()
    await expect(page.getByTestId('entry-spain')).toContainText('Cheap carrier, Dear carrier')

    const desk = await anotherPage(browser, centre, 'agent1')
    await desk.goto(`${centre.http}/desk`)
    await startShift(desk)
    await desk.getByTestId('keypad').click()
    await desk.getByTestId('dial-number').fill('911 222 333')
    await desk.getByTestId('dial').click()
    await expect(desk.getByTestId('hold')).toBeEnabled()
    expect(refusing.calls.size).toBe(1)
    expect(farEnd.invitation()).toMatch(/^INVITE sip:\+34911222333@/)
    await expectPitch(() => heardIn(desk), CUSTOMER_HERTZ)
    await desk.getByTestId('hang-up').click()
    await farEnd.succeeds()

    // A number that no route leads to is told at once.
    await desk.goto(`${centre.http}/desk`)
    await desk.getByTestId('disposition-billing.payment').click()
    await desk.getByTestId('wrap-up-done').click()
    await desk.getByTestId('keypad').click()
    await desk.getByTestId('dial-number').fill('+15551234567')
    await desk.getByTestId('dial').click()
    await expect(desk.getByText('No se puede marcar este número')).toBeVisible()
    await desk.context().close()
  } finally {
    farEnd.leave()
    refusing.leave()
  }
})
