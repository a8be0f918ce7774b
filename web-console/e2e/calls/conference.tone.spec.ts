// A conference of more than three: colleagues join one after another, one is sent away, and the others go on without the agent.
import { expect, test, type Page } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { MICROPHONE_HERTZ } from '../support/microphone-tone'
import { anotherPage, expectPitch, heardIn, signIn, startShift } from '../support/page'

const CALLER_HERTZ = 640

const centre = useCentre()

test('two colleagues join a call, one is sent away, and the other goes on with the customer', async ({ page: ana, browser }) => {
  test.setTimeout(240_000)
  await signIn(ana, centre, 'agent1')
  await startShift(ana)
  const caller = await Caller.call(centre, '1001', { hertz: CALLER_HERTZ })
  try {
    await ana.getByTestId('answer').click()
    await expectPitch(() => heardIn(ana), CALLER_HERTZ)
    const luis = await anotherPage(browser, centre, 'agent2')
    await startShift(luis)
    const emma = await anotherPage(browser, centre, 'agent3')
    await startShift(emma)

    const takesIn = async (colleague: Page, agent: string) => {
      await ana.getByTestId(`transfer-agent-${agent}`).click()
      await colleague.getByTestId('answer').click()
      await expectPitch(() => heardIn(colleague), MICROPHONE_HERTZ)
      await ana.getByTestId('consult-join').click()
      await expect(ana.getByTestId('consult-join')).toBeHidden()
    }

    await test.step('a colleague joins', async () => {
      await ana.getByTestId('transfer').click()
      await ana.getByTestId('consult-first').click()
      await takesIn(luis, 'agent2')
      await expect(ana.getByTestId('conference')).toContainText('3')
    })

    await test.step('while the next one is asked, the others talk', async () => {
      await luis.getByTestId('mute').click()
      await ana.getByTestId('conference-add').click()
      await ana.getByTestId('transfer-agent-agent3').click()
      await emma.getByTestId('answer').click()
      await expectPitch(() => heardIn(luis), CALLER_HERTZ)
      await expectPitch(() => heardIn(emma), MICROPHONE_HERTZ)
    })

    await test.step('she joins, and everybody hears the customer', async () => {
      await ana.getByTestId('consult-join').click()
      await expect(ana.getByTestId('conference')).toContainText('4')
      await ana.getByTestId('mute').click()
      await emma.getByTestId('mute').click()
      for (const page of [ana, luis, emma]) await expectPitch(() => heardIn(page), CALLER_HERTZ)
    })

    await test.step('one is sent away by name, with the keyboard', async () => {
      await ana.getByTestId('conference').focus()
      await ana.keyboard.press('Enter')
      await expect(ana.getByTestId('conference-parties').getByRole('listitem')).toHaveCount(4)
      await ana.getByTestId('conference-drop-1').focus()
      await ana.keyboard.press('Enter')
      await expect(ana.getByTestId('conference')).toContainText('3')
      await expect(luis.getByTestId('idle')).toBeVisible()
      await ana.keyboard.press('Escape')
    })

    await test.step('the agent leaves, and the other colleague has the customer', async () => {
      await ana.getByTestId('hang-up').click()
      await expect(ana.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
      await expectPitch(() => heardIn(emma), CALLER_HERTZ)
    })
  } finally {
    caller.leave()
  }
})
