// A number that is not reached: the desk says why, and one click tries again.
import { expect, test } from '@playwright/test'
import { useCentre } from '../support/centre'
import { signIn, startShift } from '../support/page'
import { RefusingEnd } from '../support/refusing-end'

const centre = useCentre()

const ENDS = [
  { status: '486 Busy Here', cause: 'busy', words: 'La línea comunicaba.' },
  { status: '404 Not Found', cause: 'unknown_number', words: 'Ese número no existe.' },
  { status: '603 Decline', cause: 'refused', words: 'La otra parte ha rechazado la llamada.' },
  { status: '503 Service Unavailable', cause: 'unreachable', words: 'No se ha podido llegar a ese número' },
] as const

test('dock and wrap-up say why a dialled number was not reached, and it is called again', async ({ page }) => {
  const end = await RefusingEnd.open(ENDS[0].status)
  try {
    const admin = await centre.rest('admin')
    const trunk = await admin.ask<Record<string, unknown>>('GET', '/trunks/local')
    await admin.ask('PUT', '/trunks/local', { ...trunk, peer: end.peer, transport: 'udp' })
    await signIn(page, centre, 'agent1')
    await page.goto(`${centre.http}/desk`)
    await startShift(page)
    await page.getByTestId('keypad').click()
    await page.getByTestId('dial-number').fill('+34911222333')
    await page.getByTestId('dial').click()
    for (const [index, { cause, words }] of ENDS.entries()) {
      await expect(page.getByTestId('end-reason')).toHaveAttribute('data-cause', cause)
      await expect(page.getByTestId('end-reason')).toContainText(words)
      await expect(page.getByTestId('dock-end')).toContainText(words)
      expect(end.calls.size).toBe(index + 1)
      const next = ENDS[index + 1]
      if (!next) break
      end.status = next.status
      await page.getByTestId(index % 2 === 0 ? 'call-again' : 'dock-call-again').click()
    }
    await page.getByTestId('disposition-billing.payment').click()
    await page.getByTestId('wrap-up-done').click()
    await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'ready')
    const lately = async () => (await admin.items<Record<string, unknown>>('/calls')).slice(0, ENDS.length)
    // The history is written behind the calls.
    await expect.poll(async () => (await lately()).map((call) => call.end_cause)).toEqual(ENDS.map((one) => one.cause).toReversed())
    expect((await lately())[0]).toMatchObject({ direction: 'outbound', customer_number: '+34911222333', outcome: 'not_reached' })
  } finally {
    end.leave()
  }
})
