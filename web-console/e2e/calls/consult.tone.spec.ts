// Asking a colleague first: the customer hears music, all three are brought together, and the call is handed over; one recording holds
// all of it.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { MICROPHONE_HERTZ } from '../support/microphone-tone'
import { anotherPage, expectPitch, heardIn, signIn, startShift } from '../support/page'

const CALLER_HERTZ = 640

const centre = useCentre()

test('a colleague is asked before the call is handed over', async ({ page: ana, browser }) => {
  test.setTimeout(180_000)
  const rest = await centre.rest('admin')
  const rules = await rest.ask<{ recording: object }>('GET', '/centre')
  await rest.ask('PUT', '/centre', { ...rules, recording: { ...rules.recording, inbound: { mode: 'always' } } })
  await signIn(ana, centre, 'agent1')
  await startShift(ana)
  const caller = await Caller.call(centre, '1001', { hertz: CALLER_HERTZ })
  try {
    await ana.getByTestId('answer').click()
    await expectPitch(() => heardIn(ana), CALLER_HERTZ)
    const luis = await anotherPage(browser, centre, 'agent2')
    await startShift(luis)

    await test.step('the colleague rings, and the customer hears music', async () => {
      await ana.getByTestId('transfer').click()
      await ana.getByTestId('consult-first').click()
      await ana.getByTestId('transfer-agent-agent2').click()
      await expect(ana.getByTestId('consult')).toBeVisible()
      await expect.poll(async () => (await caller.phone.listen(1)).level).toBeGreaterThan(0.005)
      await luis.getByTestId('answer').click()
      await expect(ana.getByTestId('consult-join')).toBeVisible()
      // There is nothing to park now, and no panel waits for it either.
      await ana.keyboard.press('Alt+Shift+P')
      // The colleague hears the agent, and not yet the customer.
      await expectPitch(() => heardIn(luis), MICROPHONE_HERTZ)
    })

    await test.step('by the keyboard all three are brought together', async () => {
      await ana.getByTestId('consult-join').focus()
      await ana.keyboard.press('Enter')
      await expect(ana.getByTestId('consult-join')).toBeHidden()
      // One after the other is silent, so that the third is heard alone.
      await ana.getByTestId('mute').click()
      await expectPitch(() => heardIn(luis), CALLER_HERTZ)
      await luis.getByTestId('mute').click()
      await expectPitch(() => heardIn(ana), CALLER_HERTZ)
    })

    await test.step('handed over, the first agent wraps up and the colleague talks on', async () => {
      await ana.getByTestId('consult-complete').click()
      await expect(ana.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
      await expectPitch(() => heardIn(luis), CALLER_HERTZ)
      await expect(ana.getByTestId('park')).toBeVisible()
      await expect(ana.getByTestId('park')).toHaveAttribute('aria-expanded', 'false')
      await luis.getByTestId('hang-up').click()
    })
  } finally {
    caller.leave()
  }

  await test.step('who listens later finds both talks in one recording', async () => {
    const supervisor = await anotherPage(browser, centre, 'supervisor')
    const [call] = await rest.items<{ id: string }>('/calls')
    await supervisor.goto(`${centre.http}/calls/${call?.id}`)
    await expect(supervisor.getByTestId('recording-entry')).toHaveCount(1)
    await supervisor.getByTestId('recording-open').click()
    const marks = supervisor.getByTestId('recording-marks').getByRole('listitem')
    for (const mark of [/Ana García (has the call|tiene la llamada)/, /Conference|Conferencia/, /Ana García (transferred|transfirió)/, /Luis .*(has the call|tiene la llamada)/]) await expect(marks.filter({ hasText: mark })).not.toHaveCount(0)
  })
})
