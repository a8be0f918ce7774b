// A customer's own agent: set on the record, preferred by the queue, rung before who has been ready for longer, and told on the call's page.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { anotherPage, signIn, startShift } from '../support/page'

const centre = useCentre()

test('a customer rings at the own agent, and the page of the call says for whom it was kept', async ({ page, browser }) => {
  const rest = await centre.rest('admin')
  const [customer] = await rest.items<{ id: string }>('/customers?q=%2B34911000001')
  const office = await anotherPage(browser, centre, 'admin')
  await office.goto(`${centre.http}/customers/${customer?.id}/edit`)
  await office.getByTestId('customer-owner').click()
  await office.getByRole('option', { name: 'Luis Romero' }).click()
  await office.getByTestId('customer-save').click()
  await expect(office.getByTestId('customer-owner')).toContainText('Luis Romero')

  await office.goto(`${centre.http}/admin/queues?edit=support`)
  await office.getByText(/customer’s own agent|espera a su propio agente/).click()
  await office.getByTestId('field-prefers-owner-value').fill('15')
  await office.getByText(/Then for the team|Después, a su equipo/).click()
  await office.getByTestId('entry-save').click()
  const routing = async () => (await rest.ask<{ routing: object }>('GET', '/queues/support')).routing
  await expect.poll(routing).toMatchObject({ prefers_owner: { secs: 15 }, prefers_team_secs: 30 })

  // The first one has been ready for longer.
  await signIn(page, centre, 'agent1')
  await startShift(page)
  const own = await anotherPage(browser, centre, 'agent2')
  await startShift(own)
  const caller = await Caller.call(centre, '1001')
  try {
    await expect(own.getByTestId('offer')).toBeVisible({ timeout: 30_000 })
    await own.getByTestId('answer').click()
    await own.getByTestId('hang-up').click()
    await caller.succeeds()
  } finally {
    caller.leave()
  }
  const [call] = await rest.items<{ id: string }>('/calls')
  await office.goto(`${centre.http}/calls/${call?.id}`)
  const decision = office.getByTestId('call-routing').locator(':scope > li').first()
  await expect(decision).toContainText(/kept for Luis Romero, whose customer it is, until \d|reservada a Luis Romero, su agente, hasta las \d/)
  await expect(decision.locator('tbody')).toContainText(/kept for the customer’s own agent until|reservada al agente del cliente hasta/)
})
