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
