// A trunk whose other side is a domain: its first server is dead, its second takes the call (RFC 3263).
import { expect, test } from '@playwright/test'
import { Centre } from '../support/centre'
import { FarEnd } from '../support/far-end'
import { MICROPHONE_HERTZ } from '../support/microphone-tone'
import { nameServer } from '../support/name-server'
import { expectPitch, heardIn, signIn, startShift } from '../support/page'

const CUSTOMER_HERTZ = 740

test('a call goes to the second server of a carrier whose first one is dead', async ({ page }) => {
  const farEnd = await FarEnd.open({ hertz: CUSTOMER_HERTZ, ringsMs: 500 })
  const [address = '', port = ''] = farEnd.peer.split(':')
  const names = await nameServer('carrier.test', [
    { priority: 1, port: 5999, address: '127.0.0.9' },
    { priority: 2, port: Number(port), address },
  ])
  const centre = new Centre([`sip.name_servers=${names.address}`])
  await centre.start()
  try {
    const admin = await centre.rest('admin')
    const trunk = await admin.ask<Record<string, unknown>>('GET', '/trunks/local')
    await admin.ask('PUT', '/trunks/local', { ...trunk, peer: 'carrier.test', transport: 'auto' })
    const rest = await centre.rest('agent1')
    const [customer] = await rest.items<{ id: string }>('/customers?q=%2B34911000001')
    await signIn(page, centre, 'agent1')
    await startShift(page)
    await page.goto(`${centre.http}/customers/${customer?.id}`)
    await page.getByRole('button', { name: /911 000 001/ }).click()
    await expect(page.getByTestId('hold')).toBeEnabled({ timeout: 20_000 })
    // The address is the carrier's name, whichever of its servers takes the call.
    expect(farEnd.invitation()).toMatch(/^INVITE sip:\+34911000001@carrier\.test SIP/)
    await expectPitch(() => heardIn(page), CUSTOMER_HERTZ)
    await expectPitch(() => farEnd.phone.listen(), MICROPHONE_HERTZ)
    await page.getByTestId('hang-up').click()
    await farEnd.succeeds()
  } finally {
    farEnd.leave()
    names.close()
    await centre.stop()
  }
})
