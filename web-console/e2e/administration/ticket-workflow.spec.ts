// An administrator changes the workflow of tickets as text: mistakes are told at their lines, and the ticket's page asks for what a
// move needs before it is made.
import { expect, test } from '@playwright/test'
import { useCentre } from '../support/centre'
import { signIn } from '../support/page'

const centre = useCentre()

test('a guard that is written into the workflow is asked for on the ticket, and a mistake changes nothing', async ({ page }) => {
  await signIn(page, centre, 'admin')
  await page.goto(`${centre.http}/admin/workflow`)
  const text = page.getByTestId('workflow-text')
  const before = await text.inputValue()
  expect(before).toContain('[types.request]')

  await text.fill(before.replace('states.open = { category', 'states.open = { categry'))
  await page.getByTestId('workflow-save').click()
  const mistakes = page.getByTestId('workflow-mistakes')
  await expect(mistakes).toContainText('categry')
  const line = before.split('\n').findIndex((one) => one.startsWith('states.open')) + 1
  await mistakes.getByRole('button', { name: new RegExp(`\\b${line}$`) }).first().click()
  await expect(text).toBeFocused()

  await text.fill(before.replaceAll('to = "solved"', 'to = "solved"\nrequires = ["disposition"]'))
  await page.getByTestId('workflow-save').click()
  await expect(page.getByTestId('workflow-moves').getByRole('row').filter({ hasText: /a disposition|una tipificación/ }).first()).toBeVisible()
  await expect(mistakes).toBeHidden()

  await page.goto(`${centre.http}/tickets/new`)
  await page.getByTestId('ticket-subject').fill('The router is dead')
  await page.getByTestId('ticket-subject').press('Enter')
  await expect(page.getByTestId('ticket-title')).toHaveText('The router is dead')
  await page.getByTestId('move-solved').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('move-save')).toBeDisabled()
  await expect(page.getByRole('dialog').getByRole('combobox')).toBeVisible()
  await page.keyboard.press('Escape')

  await page.getByTestId('move-waiting_customer').focus()
  await page.keyboard.press('Enter')
  await page.getByTestId('move-reason').fill('A photo of its label')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('ticket-thread')).toContainText('A photo of its label')

  await page.getByTestId('comment-customer').click()
  await page.getByTestId('comment-text').fill('Here it is')
  await page.getByTestId('comment-save').click()
  await expect(page.getByTestId('ticket-thread')).toContainText('Here it is')
})
