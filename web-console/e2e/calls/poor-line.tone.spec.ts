// A line that sounds poor is told to those who are on it and to those who watch, while they can still do something about it.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { signIn, startShift } from '../support/page'

// Nothing sounds as good as 4.5, so every line is poor after two rounds of five seconds.
const centre = useCentre(['media.mos_alarm_hundredths=450'])

test('a poor line is a badge in the dock and on the board as long as the call lasts', async ({ page, browser }) => {
  await signIn(page, centre, 'agent1')
  await startShift(page)
  const watching = await browser.newPage()
  await signIn(watching, centre, 'supervisor')
  const caller = await Caller.call(centre, '1001', { hertz: 640 })
  try {
    await page.getByTestId('answer').click({ timeout: 30_000 })
    const badge = page.getByTestId('poor-audio')
    await expect(badge).toBeVisible({ timeout: 30_000 })
    await expect(page.getByRole('status').filter({ has: badge })).toHaveText(/línea|line/)
    await expect(watching.getByTestId('board-agent-agent1').getByTestId('poor-audio')).toBeVisible()
    await page.getByTestId('hang-up').click()
    await expect(badge).toHaveCount(0)
  } finally {
    caller.leave()
    await watching.close()
  }
})
