// Who gets a call: set up in the console by a supervisor, seen at two agents' screens, and explained on the call's page.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { anotherPage, signIn, startShift } from '../support/page'

const centre = useCentre()

test('a fixed order decides who is rung, a decline moves the call on, and its page says why', async ({ page, browser }) => {
  const office = await anotherPage(browser, centre, 'admin')
  await office.goto(`${centre.http}/admin/queues?edit=support`)
  await office.getByTestId('field-strategy').click()
  await office.getByRole('option').nth(5).click()
  await office.getByTestId('rows-routing-agents-add').click()
  const agents = office.getByTestId('rows-routing-agents')
  await agents.getByRole('button').first().click()
  await office.getByRole('option', { name: 'Luis Romero' }).click()
  await office.getByTestId('field-strikes-max').fill('0')
  await office.getByTestId('entry-save').click()
  await expect(office.getByText(/1.*20/)).toBeVisible()
  await office.getByTestId('field-strikes-max').fill('2')
  await office.getByTestId('entry-save').click()
  const rest = await centre.rest('admin')
  const strategy = async () => (await rest.ask<{ routing: { strategy: unknown; strikes_max: number } }>('GET', '/queues/support')).routing
  await expect.poll(async () => await strategy()).toMatchObject({ strategy: { by: 'linear', order: ['agent2'] }, strikes_max: 2 })

  // The first one has been ready for longer.
  await signIn(page, centre, 'agent1')
  await startShift(page)
  const second = await anotherPage(browser, centre, 'agent2')
  await startShift(second)

  const caller = await Caller.call(centre, '1001')
  try {
    await expect(second.getByTestId('offer')).toBeVisible({ timeout: 30_000 })
    await second.getByTestId('decline').click()
    await expect(page.getByTestId('offer')).toBeVisible({ timeout: 30_000 })
    await expect(second.getByTestId('presence'), 'one of two calls that may be missed').toHaveAttribute('data-state', 'ready')
    await page.getByTestId('answer').click()
    await expect(page.getByTestId('hang-up')).toBeVisible()
    await page.getByTestId('hang-up').click()
    await caller.succeeds()
  } finally {
    caller.leave()
  }
  const [call] = await rest.items<{ id: string }>('/calls')
  await office.goto(`${centre.http}/calls/${call?.id}`)
  const decisions = office.getByTestId('call-routing').locator(':scope > li')
  await expect(decisions).toHaveCount(2)
  await expect(decisions.first()).toContainText(/Rechazada|Declined/)
  await expect(decisions.first().locator('tbody tr')).toHaveCount(2)
  await expect(decisions.last()).toContainText(/Atendida|Answered/)
  await expect(decisions.last().locator('tbody')).toContainText(/acababa de perderla|missed it a moment ago/)

  // How colleagues stood is for supervisors: the agent who had the call does not read it.
  const agent = await centre.rest('agent1')
  const seen = await agent.ask<{ events: Array<{ event: { kind: string; decision?: unknown } }> }>('GET', `/calls/${call?.id}`)
  const offered = seen.events.filter(({ event }) => event.kind === 'offered')
  expect(offered).toHaveLength(2)
  expect(offered.every(({ event }) => event.decision === undefined)).toBe(true)
  await expect(agent.ask('GET', `/calls/${call?.id}/routing`)).rejects.toThrow(/403/)
})
