// A caller leaves a message; an agent is offered it beside calls, takes it with the keyboard, hears it, and is done with it.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { look } from '../support/look'
import { anotherPage, signIn, startShift } from '../support/page'

const centre = useCentre()

interface Queue {
  id: string
  version: number
}

test('a message is offered, taken, heard and done', async ({ page, browser }) => {
  test.setTimeout(150_000)
  const admin = await centre.rest('admin')
  const support = (await admin.items<Queue>('/queues')).find((queue) => queue.id === 'support')
  if (!support) throw new Error('no queue support')
  await admin.ask('PUT', '/queues/support', { ...support, ring_secs: 120, on_no_agents: { then: 'voicemail', prompt: 'leave-message', secs_max: 60 } })
  const caller = await Caller.call(centre, '1001', { hangsUpAfterMs: 13_000 })
  try {
    await caller.succeeds()
  } finally {
    caller.leave()
  }
  const board = await anotherPage(browser, centre, 'supervisor')
  await board.goto(`${centre.http}/live`)
  await expect(board.getByTestId('board-queue-support-work')).toContainText('1')

  await signIn(page, centre, 'agent1')
  await startShift(page)
  const offer = page.getByTestId('work-offer')
  await expect(offer).toBeVisible()
  await expect(offer).toContainText(/0:0\d/)
  await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'ready')
  await look(page, 'work-offer', '[data-testid=work]')
  await page.getByTestId('work-accept').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('work-open')).toBeVisible()
  await look(page, 'work-open', '[data-testid=work]')
  await expect(page).toHaveURL(/\/tickets\//)
  await expect(page.getByTestId('listen-message')).toBeVisible()
  await page.getByTestId('work-listen').click()
  await expect(page.getByTestId('work-audio')).toBeVisible()
  await expect.poll(() => page.getByTestId('work-audio').evaluate((audio: HTMLAudioElement) => audio.duration)).toBeGreaterThan(1)
  await expect(page.getByTestId('work-call-back')).toBeEnabled()
  // What the message was about, where the queue asks for it.
  const about = page.getByTestId('work-disposition')
  if (await about.isVisible()) {
    await about.click()
    await page.getByRole('option').first().click()
  }
  await page.getByTestId('work-done').click()
  await expect(page.getByTestId('work')).toHaveCount(0)
  await expect(board.getByTestId('board-queue-support-work')).toHaveCount(0)
})
