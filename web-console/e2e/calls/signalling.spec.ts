// A supervisor looks at how a call was signalled: the ladder by pointer and by keyboard, the file for Wireshark, and the audit trail.
import { expect, test } from '@playwright/test'
import { readFileSync } from 'node:fs'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { look, picture } from '../support/look'
import { signIn } from '../support/page'

const centre = useCentre()

const NARROW = { width: 390, height: 844 }

test("a call's SIP messages stand as a ladder and are taken away as pcap", async ({ page }) => {
  const caller = await Caller.call(centre, '1009', { hangsUpAfterMs: 1_500 })
  await caller.succeeds()
  const rest = await centre.rest('supervisor')
  const [call] = await rest.items<{ id: string }>('/calls')
  if (!call) throw new Error('the call is not in the history')

  await signIn(page, centre, 'supervisor')
  await page.goto(`${centre.http}/calls/${call.id}`)
  await expect(page.getByTestId('ladder')).toHaveCount(0)
  await page.getByTestId('signalling-open').click()
  const rows = page.getByTestId('ladder-message')
  await expect(rows).toContainText(['INVITE', '100 Trying', '200 OK', 'ACK', 'BYE', '200 OK'])
  await expect(rows.first()).toHaveAccessibleName(/INVITE .*127\.0\.0\.2:\d+ .*Centralita/)
  await expect(page.getByRole('table').getByRole('row')).not.toHaveCount(0)

  await rows.first().focus()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('ladder-text')).toContainText('m=audio')
  await expect(rows.first()).toHaveAttribute('aria-expanded', 'true')
  await look(page, 'call-signalling', '[data-testid=ladder]')
  await page.setViewportSize(NARROW)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(NARROW.width)
  expect(await page.getByTestId('ladder').evaluate((ladder) => ladder.scrollWidth - ladder.clientWidth)).toBe(0)
  await picture(page, 'call-signalling.narrow')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('ladder-text')).toHaveCount(0)

  const saving = page.waitForEvent('download')
  await page.getByTestId('signalling-pcap').click()
  const file = readFileSync(await (await saving).path())
  expect([file.readUInt32LE(0), file.readUInt32LE(20)]).toEqual([0xa1b2c3d4, 101])
  expect(file.toString('latin1').match(/^INVITE |INVITE sip:1009@/m)).not.toBeNull()

  const admin = await centre.rest('admin')
  const read = await admin.items<{ event: { kind: string; call: string; is_file: boolean } }>('/audit?area=access')
  const mine = read.map(({ event }) => event).filter((event) => event.kind === 'signalling_read')
  expect(mine.map((event) => [event.call, event.is_file])).toEqual([
    [call.id, true],
    [call.id, false],
  ])
})

test('an agent is not offered the signalling, and is refused it', async ({ page }) => {
  const rest = await centre.rest('supervisor')
  const [call] = await rest.items<{ id: string }>('/calls')
  if (!call) throw new Error('the call is not in the history')
  await signIn(page, centre, 'agent1')
  const status = await page.evaluate(async (id) => (await fetch(`/api/v1/calls/${id}/signalling`)).status, call.id)
  expect(status).toBe(403)
})
