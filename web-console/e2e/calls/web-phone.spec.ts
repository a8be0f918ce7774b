// A visitor of the "call us" page talks to an agent in another browser.
import { expect, test } from '@playwright/test'
import { useCentre } from '../support/centre'
import { heardIn, rawMicrophone, signIn, startShift } from '../support/page'

const centre = useCentre()

test('the web phone hears the menu, presses a key and reaches an agent', async ({ page: agent, browser }) => {
  await signIn(agent, centre, 'agent1')
  await startShift(agent)

  const context = await browser.newContext({ permissions: ['microphone'] })
  const visitor = await context.newPage()
  await rawMicrophone(visitor)
  await visitor.goto(`${centre.http}/call`)
  await visitor.getByTestId('web-phone-line').selectOption('1000')
  await visitor.getByTestId('web-phone-call').click()
  await expect(visitor.getByTestId('web-phone-key-1')).toBeEnabled()
  // The greeting is speech.
  await expect.poll(async () => (await heardIn(visitor)).level).toBeGreaterThan(0.005)
  await visitor.getByTestId('web-phone-key-1').click()

  await expect(agent.getByTestId('offer')).toBeVisible({ timeout: 30_000 })
  await agent.getByTestId('answer').click()
  // The microphones of both beep about once a second.
  await expect.poll(async () => (await heardIn(agent)).level, { timeout: 20_000 }).toBeGreaterThan(0.005)
  await expect.poll(async () => (await heardIn(visitor)).level, { timeout: 20_000 }).toBeGreaterThan(0.005)

  await visitor.getByTestId('web-phone-hang-up').click()
  await expect(agent.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
  await context.close()
})
