// A supervisor's hand in the line: the second caller is put first, the first one given to an agent who is ready.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { anotherPage, signIn, startShift } from '../support/page'

const centre = useCentre()

test('a waiting caller is put first, and one is given to an agent without the skill', async ({ page, browser }) => {
  const rest = await centre.rest('admin')
  const agent = await rest.ask<{ version: number; skills: Record<string, number> }>('GET', '/agents/agent1')
  const { support: _, ...skills } = agent.skills
  await rest.ask('PUT', '/agents/agent1', { ...agent, skills })
  await signIn(page, centre, 'supervisor')
  const desk = await anotherPage(browser, centre, 'agent1')

  const first = await Caller.call(centre, '1001')
  const second = await Caller.call(centre, '1001', { address: '127.0.0.3' })
  try {
    const rows = page.locator('[data-testid^="board-call-"]')
    await expect(rows).toHaveCount(2)
    const ids = await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-testid')?.replace('board-call-', '') ?? ''))
    const place = async (id: string) => (await rest.ask<{ events: Array<{ event: { kind: string } }> }>('GET', `/calls/${id}`)).events.some(({ event }) => event.kind === 'put_first')
    const [older, newer] = ids as [string, string]
    await page.getByTestId(`waiting-menu-${newer}`).click()
    await page.getByTestId('put-first').click()
    await expect(page.getByTestId(`board-call-${newer}`)).toContainText(/no\. 1|Espera, 1/)
    await expect(page.getByTestId(`board-call-${older}`)).toContainText(/no\. 2|Espera, 2/)
    await expect.poll(async () => await place(newer)).toBe(true)

    // Nobody is ready yet, and then one is.
    await page.getByTestId(`waiting-menu-${older}`).click()
    await page.getByTestId('give-waiting').click()
    await expect(page.getByRole('dialog')).toContainText(/Nobody is ready|No hay nadie disponible/)
    await page.keyboard.press('Escape')
    await startShift(desk)
    await page.getByTestId(`waiting-menu-${older}`).click()
    await page.getByTestId('give-waiting').click()
    await page.getByTestId('give-to-agent1').click()
    await expect(desk.getByTestId('offer')).toBeVisible({ timeout: 10_000 })
    await desk.getByTestId('answer').click()
    await desk.getByTestId('hang-up').click()
    await page.goto(`${centre.http}/calls/${older}`)
    await expect(page.getByTestId('call-events')).toContainText(/Sara Vidal (gave the call to|dio la llamada a) Ana García/)
  } finally {
    first.leave()
    second.leave()
  }
})

test('a waiting caller is put ahead by minutes and moved to another queue, and a refusal is told in words', async ({ page }) => {
  const rest = await centre.rest('admin')
  await signIn(page, centre, 'supervisor')
  const first = await Caller.call(centre, '1001')
  const second = await Caller.call(centre, '1001', { address: '127.0.0.3' })
  try {
    const rows = page.locator('[data-testid^="board-call-"]')
    await expect(rows).toHaveCount(2)
    const ids = await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-testid')?.replace('board-call-', '') ?? ''))
    const [older, newer] = ids as [string, string]
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
    await expect(page.getByTestId('waiting-refusal')).toContainText(/Nobody serves this queue|Nadie atiende esta cola/)
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
