// A line grows too long: the supervisor is alerted, looks after it, and tells the agents; both end by themselves.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { anotherPage, signIn } from '../support/page'

const centre = useCentre()

test('an alert is raised, acknowledged and cleared, and the agents are told', async ({ page, browser }) => {
  const admin = await centre.rest('admin')
  await admin.ask('POST', '/alert-rules', { id: 'long-line', name: 'Long line', metric: 'waiting', queues: ['support'], raise_at: 1, clear_at: 0, raise_after_secs: 0, clear_after_secs: 0, webhooks: [], is_active: true })
  await signIn(page, centre, 'supervisor')
  await page.goto(`${centre.http}/live`)
  const desk = await anotherPage(browser, centre, 'agent1')
  const alert = page.getByTestId('alert-long-line')

  const caller = await Caller.call(centre, '1001')
  try {
    await expect(alert).toContainText(/Long line/)
    await alert.getByTestId('acknowledge').click()
    await expect(alert).toContainText('Sara Vidal')

    await page.getByTestId('tell-agents').click()
    await page.getByTestId('tell-text').fill('Somebody waits: breaks end at ten.')
    await page.keyboard.press('Enter')
    await page.getByTestId('tell-send').click()
    const notice = desk.getByText('breaks end at ten', { exact: false })
    await expect(notice).toBeVisible()
    // What is ended is gone from their screens.
    await page.getByTestId('tell-end').click()
    await expect(notice).toHaveCount(0)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)

    // The caller rings as soon as the agent is ready.
    await desk.getByTestId('presence').click()
    await desk.getByTestId('presence-ready').click()
    await desk.getByTestId('answer').click()
    await expect(alert).toHaveCount(0)
  } finally {
    caller.leave()
  }
  await page.getByTestId('alert-history').click()
  const history = page.getByRole('dialog').getByRole('listitem').filter({ hasText: 'Long line' })
  await expect(history).toContainText('Sara Vidal')
})
