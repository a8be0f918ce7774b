// Parking: the caller hears music in a slot, colleagues see who waits there, and any of them takes the call.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { anotherPage, expectPitch, heardIn, signIn, startShift } from '../support/page'

const CALLER_HERTZ = 640

const centre = useCentre(['park.return_after=15s'])

test('a parked call is taken by a colleague, and comes back when nobody takes it', async ({ page: ana, browser }) => {
  test.setTimeout(180_000)
  await signIn(ana, centre, 'agent1')
  await startShift(ana)
  const caller = await Caller.call(centre, '1001', { hertz: CALLER_HERTZ })
  try {
    await ana.getByTestId('answer').click()
    await expectPitch(() => heardIn(ana), CALLER_HERTZ)
    const luis = await anotherPage(browser, centre, 'agent2')
    await startShift(luis)

    await test.step('by the keys the call is parked, and the caller hears music', async () => {
      await ana.keyboard.press('Alt+Shift+P')
      await expect(ana.getByTestId('idle')).toBeVisible()
      const music = await caller.phone.listen(2)
      expect(music.level).toBeGreaterThan(0.005)
      // Many notes, one of which is as high as the microphone's tone; that tone would have nearly all of the sound.
      expect(music.share).toBeLessThan(0.4)
      await expect(luis.getByTestId('parked-1')).toContainText('*701')
    })

    await test.step('a colleague takes it out of its slot', async () => {
      await luis.getByTestId('take-parked-1').click()
      await expectPitch(() => heardIn(luis), CALLER_HERTZ)
      await expect(ana.getByTestId('parked-list')).toBeHidden()
    })

    await test.step('parked by the mouse and taken by nobody, it rings where it was parked and says why', async () => {
      await luis.getByTestId('park').click()
      await luis.getByTestId('park-now').click()
      await expect(luis.getByTestId('parked-1')).toBeVisible()
      await expect(luis.getByTestId('dock-returned')).toBeVisible({ timeout: 30_000 })
      await luis.getByTestId('answer').click()
      await expectPitch(() => heardIn(luis), CALLER_HERTZ)
    })
  } finally {
    caller.leave()
  }
})
