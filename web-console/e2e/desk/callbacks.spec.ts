// A supervisor arranges a callback, is refused a second one for the same number, and calls it off.
import { expect, test } from '@playwright/test'
import { useCentre } from '../support/centre'
import { look } from '../support/look'
import { signIn } from '../support/page'

const centre = useCentre()

interface Queue {
  id: string
  version: number
  callback: { mode: string }
}

test('a callback is arranged with the keyboard, stands in line, and can be called off', async ({ page }) => {
  const admin = await centre.rest('admin')
  const support = (await admin.items<Queue>('/queues')).find((queue) => queue.id === 'support')
  if (!support) throw new Error('no queue support')
  await admin.ask('PUT', '/queues/support', { ...support, callback: { mode: 'agent_first' } })
  await signIn(page, centre, 'supervisor')
  await page.goto(`${centre.http}/callbacks`)
  await page.getByTestId('callback-new').focus()
  await page.keyboard.press('Enter')
  await page.getByTestId('callback-number').fill('+34 911 222 333')
  await page.getByTestId('callback-note').fill('La factura')
  await page.getByTestId('callback-number').press('Enter')
  const row = page.getByRole('row').filter({ hasText: 'La factura' })
  await expect(row).toContainText('911 222 333')
  // One per number and queue: the second is refused in words.
  await page.getByTestId('callback-new').click()
  await page.getByTestId('callback-number').fill('911222333')
  await page.getByTestId('callback-save').click()
  await expect(page.getByRole('dialog')).toContainText(/ya devuelve|already calls/)
  await page.keyboard.press('Escape')
  await row.getByRole('button').click()
  await page.getByTestId('callback-cancel').click()
  await expect(row).toHaveCount(0)
  await page.getByTestId('callbacks-view-ended').click()
  await expect(page.getByRole('row').filter({ hasText: 'La factura' })).toBeVisible()
  // The report counts it, and leads to it.
  await page.goto(`${centre.http}/reports?view=callbacks`)
  const line = page.getByTestId('report-support')
  await expect(line.getByTestId('figure-requested')).toHaveText('1')
  await line.getByTestId('figure-cancelled').click()
  await expect(page).toHaveURL(/reports\/promised.*figure=cancelled/)
  await expect(page.getByTestId(/^promised-0/)).toHaveCount(1)
  await expect(page.getByTestId(/^promised-0/)).toContainText(/La factura/)
  await look(page, 'reports-promised', 'main')
})
