// What colleagues do with one call: it rings in vain at one and reaches the next, is handed on without a word, and a supervisor
// listens in.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { anotherPage, expectPitch, heardIn, signIn, startShift } from '../support/page'

const CALLER_HERTZ = 640

const centre = useCentre()

test('a missed call goes to the next agent, is handed back, and is listened to', async ({ page: ana, browser }) => {
  test.setTimeout(180_000)
  await signIn(ana, centre, 'agent1')
  await startShift(ana)
  const caller = await Caller.call(centre, '1001', { hertz: CALLER_HERTZ })
  try {
    await expect(ana.getByTestId('offer')).toBeVisible()
    const luis = await anotherPage(browser, centre, 'agent2')
    await startShift(luis)

    await test.step('nobody takes it: the next one is asked, and who missed it is told and back by one click', async () => {
      await expect(luis.getByTestId('offer')).toBeVisible({ timeout: 60_000 })
      await expect(ana.getByTestId('offer')).toBeHidden()
      await expect(ana.getByTestId('idle')).toHaveAttribute('data-why', 'missed')
      await ana.getByTestId('become-ready').click()
      await expect(ana.getByTestId('presence')).toHaveAttribute('data-state', 'ready')
      await luis.getByTestId('answer').click()
      await expectPitch(() => heardIn(luis), CALLER_HERTZ)
    })

    await test.step('handed on to a colleague, the caller is heard there', async () => {
      await luis.getByTestId('transfer').click()
      await luis.getByTestId('transfer-agent-agent1').click()
      await expect(ana.getByTestId('offer')).toBeVisible()
      await expect(luis.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
      await ana.getByTestId('answer').click()
      await expectPitch(() => heardIn(ana), CALLER_HERTZ)
    })

    await test.step('a supervisor listens in, and the call goes on', async () => {
      const sara = await anotherPage(browser, centre, 'supervisor')
      await sara.goto(`${centre.http}/live`)
      await sara.getByTestId('listen-agent1').click()
      await expect(sara.getByTestId('stop-listening')).toBeVisible()
      await expect.poll(async () => (await heardIn(sara)).level, { timeout: 20_000 }).toBeGreaterThan(0.005)
      await sara.getByTestId('stop-listening').click()
      await expect(sara.getByTestId('stop-listening')).toBeHidden()
      await expectPitch(() => heardIn(ana), CALLER_HERTZ)
    })

    await test.step('handed on to a queue, it waits there with music', async () => {
      await ana.getByTestId('transfer').click()
      await ana.getByTestId('transfer-queue-sales').click()
      await expect(ana.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
      await expect.poll(async () => (await caller.phone.listen(1)).level).toBeGreaterThan(0.005)
    })
  } finally {
    caller.leave()
  }
})
