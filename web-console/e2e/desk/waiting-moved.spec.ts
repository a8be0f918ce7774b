// A supervisor's hand in the line, further: callers are put ahead by some time and moved to another queue.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { signIn } from '../support/page'

const centre = useCentre()

test('a waiting caller is put ahead by minutes and moved to another queue, and a refusal is told in words', async ({ page }) => {
  const rest = await centre.rest('admin')
  await signIn(page, centre, 'supervisor')
  const rows = page.locator('[data-testid^="board-call-"]')
  const idsNow = async () => await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-testid')?.replace('board-call-', '') ?? ''))
  const first = await Caller.call(centre, '1001')
  await expect(rows).toHaveCount(1)
  const older = (await idsNow())[0] as string
  const second = await Caller.call(centre, '1001', { address: '127.0.0.3' })
  try {
    await expect(rows).toHaveCount(2)
    const newer = (await idsNow()).find((id) => id !== older) as string
    await expect(page.getByTestId(`board-call-${newer}`)).toContainText(/no\. 2|Espera, 2/)
    const kinds = async (id: string) => (await rest.ask<{ events: Array<{ event: { kind: string; cause?: string; secs?: number } }> }>('GET', `/calls/${id}`)).events.map(({ event }) => event)

    // By the keyboard: what is no number is told at the field, and Enter sends.
    await page.getByTestId(`waiting-menu-${newer}`).click()
    await page.getByTestId('put-ahead').click()
    const by = page.getByTestId('ahead-by')
    await expect(by).toBeFocused()
    await by.fill('soon')
    await by.press('Enter')
    await expect(page.getByRole('dialog')).toContainText(/1 (to|a) 1440/)
    await by.fill('3')
    await by.press('Enter')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(page.getByTestId(`board-call-${newer}`)).toContainText(/no\. 1|Espera, 1/)
    await expect.poll(async () => (await kinds(newer)).find(({ kind }) => kind === 'put_ahead')?.secs).toBe(180)

    // And back to where the queue's rules put the caller.
    await page.getByTestId(`waiting-menu-${newer}`).click()
    await page.getByTestId('put-ahead').click()
    await page.getByTestId('ahead-by-rules').click()
    await expect(page.getByTestId(`board-call-${older}`)).toContainText(/no\. 1|Espera, 1/)

    // Nobody serves the other queue yet: the dialog says so and stays.
    await page.getByTestId(`waiting-menu-${older}`).click()
    await page.getByTestId('move-waiting').click()
    await expect(page.getByTestId('move-to-support')).toHaveCount(0)
    await page.getByTestId('move-to-sales').click()
    await expect(page.getByTestId('waiting-refusal')).toContainText(/nobody serves this queue|nadie atiende esta cola/i)
    await rest.ask('PUT', '/agents/agent3/presence', { state: 'paused', reason: 'lunch' })
    await page.getByTestId('move-to-sales').click()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect.poll(async () => (await kinds(older)).find(({ kind }) => kind === 'flowed_out')?.cause).toBe('moved')
    await expect(page.getByTestId(`board-call-${older}`)).toContainText(/Ventas|Sales/)
  } finally {
    first.leave()
    second.leave()
  }
})
