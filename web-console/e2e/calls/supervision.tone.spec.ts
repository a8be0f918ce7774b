// A supervisor helps a live call: hears it, speaks to the agent alone, to all, and takes it over. Each side has a note of its own,
// so that it is measured who hears whom.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { MICROPHONE_HERTZ } from '../support/microphone-tone'
import { anotherPage, expectTones, microphoneAt, sharesIn, signIn, startShift } from '../support/page'

const CUSTOMER = 640
const AGENT = MICROPHONE_HERTZ
const SUPERVISOR = 1_300

const centre = useCentre()

test('a supervisor listens, whispers, barges in and takes a call over', async ({ page: ana, browser }) => {
  test.setTimeout(240_000)
  await signIn(ana, centre, 'agent1')
  await startShift(ana)
  const caller = await Caller.call(centre, '1001', { hertz: CUSTOMER })
  try {
    await ana.getByTestId('answer').click()
    const atCustomer = (pitches: readonly number[]) => caller.phone.shares(pitches)
    const atAgent = (pitches: readonly number[]) => sharesIn(ana, pitches)
    await expectTones(atAgent, [CUSTOMER], [AGENT, SUPERVISOR])
    const sara = await anotherPage(browser, centre, 'supervisor', (page) => microphoneAt(page, SUPERVISOR))
    const atSupervisor = (pitches: readonly number[]) => sharesIn(sara, pitches)

    await test.step('she listens: both are heard, and she by nobody', async () => {
      await sara.goto(`${centre.http}/live`)
      await sara.getByTestId('listen-agent1').click()
      await expect(sara.getByTestId('supervision')).toHaveAttribute('data-mode', 'listen')
      await expectTones(atSupervisor, [CUSTOMER, AGENT], [SUPERVISOR])
      await expectTones(atCustomer, [AGENT], [CUSTOMER, SUPERVISOR])
      await expectTones(atAgent, [CUSTOMER], [AGENT, SUPERVISOR])
    })

    await test.step('she whispers, by the keyboard: the agent hears her and is told, the customer does not', async () => {
      await sara.getByTestId('supervise-listen').focus()
      await sara.keyboard.press('ArrowRight')
      await sara.keyboard.press('Space')
      await expect(sara.getByTestId('supervision')).toHaveAttribute('data-mode', 'whisper')
      await expect(ana.getByTestId('supervisor-whisper')).toContainText('Sara Vidal')
      await expectTones(atAgent, [CUSTOMER, SUPERVISOR], [AGENT])
      await expectTones(atCustomer, [AGENT], [CUSTOMER, SUPERVISOR])
    })

    await test.step('she barges in: all hear her', async () => {
      await sara.getByTestId('supervise-barge').click()
      await expect(ana.getByTestId('supervisor-barge')).toBeVisible()
      await expectTones(atCustomer, [AGENT, SUPERVISOR], [CUSTOMER])
      await expectTones(atAgent, [CUSTOMER, SUPERVISOR], [AGENT])
      await expectTones(atSupervisor, [CUSTOMER, AGENT], [SUPERVISOR])
    })

    await test.step('she takes the call over: the customer talks with her alone, and the agent wraps up', async () => {
      await sara.getByTestId('take-over').click()
      await expect(ana.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
      await expectTones(atCustomer, [SUPERVISOR], [CUSTOMER, AGENT])
      await expectTones(atSupervisor, [CUSTOMER], [AGENT, SUPERVISOR])
      await expect(sara.getByTestId('hang-up')).toBeVisible()
    })
  } finally {
    caller.leave()
  }
})
