// A figure of a report opens the contacts that it is made of, and both are saved as files with the same figures.
import { readFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { signIn } from '../support/page'

const centre = useCentre()

test('who gave up stands behind the figure, and is saved in a file', async ({ page }) => {
  const caller = await Caller.call(centre, '1001', { hangsUpAfterMs: 6_000 })
  try {
    await caller.succeeds()
  } finally {
    caller.leave()
  }
  await signIn(page, centre, 'supervisor')
  await page.goto(`${centre.http}/reports`)
  const line = page.getByTestId('report-support')
  await expect(line.getByTestId('figure-abandoned')).toHaveText('1')
  await page.getByTestId('total-abandoned').click()
  await expect(page.getByTestId(/^contact-/)).toHaveCount(1)
  await page.goBack()
  const queues = await saved(page, 'reports-csv')
  expect(cell(queues, 'abandoned')).toBe('1')
  expect(cell(queues, 'is_reconciled')).toBe('true')
  // How many gave up, how soon, and why others left.
  await page.goto(`${centre.http}/reports?view=exits`)
  await expect(line.getByTestId('figure-abandoned')).toHaveText('1')
  await line.getByTestId('figure-abandoned').click()
  await expect(page).toHaveURL(/outcome=abandoned/)
  const contact = page.getByTestId(/^contact-/)
  await expect(contact).toHaveCount(1)
  await expect(contact).toContainText(/Abandono|Gave up/)
  const contacts = await saved(page, 'contacts-csv')
  expect(contacts).toHaveLength(2)
  expect(cell(contacts, 'outcome')).toBe('abandoned')
  expect(Number(cell(contacts, 'wait_seconds'))).toBeGreaterThan(1)
})

/** The lines of a file that a link saves, cut into cells. */
async function saved(page: Page, link: string): Promise<string[][]> {
  const saving = page.waitForEvent('download')
  await page.getByTestId(link).click()
  const text = readFileSync(await (await saving).path(), 'utf8')
  return text.trimEnd().split('\n').map((line) => line.split(','))
}

/** What stands in the first line under a heading. */
function cell(lines: string[][], heading: string): string | undefined {
  const [headings = [], first = []] = lines
  return first[headings.indexOf(heading)]
}
