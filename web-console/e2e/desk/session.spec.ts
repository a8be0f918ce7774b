// How a session is carried, and how it ends.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { isLive, signIn, startShift } from '../support/page'

const centre = useCentre(['http.https_listen=127.0.0.1:0'])

test.use({ ignoreHTTPSErrors: true })

test('who is signed out by others is told so, and led back', async ({ page, context }) => {
  await signIn(page, centre, 'agent1')
  await page.goto(`${centre.http}/tickets?view=all`)
  await isLive(page)
  await context.clearCookies()
  await page.getByTestId('view-open').click()
  await expect(page.getByTestId('session-ended')).toBeVisible()
  await page.getByTestId('sign-in-user').fill('agent1')
  await page.getByTestId('sign-in-password').fill(centre.password('agent1'))
  await page.getByTestId('sign-in-submit').click()
  await expect(page).toHaveURL(/\/tickets$/)
  await isLive(page)

  await test.step('who leaves by hand is not', async () => {
    await page.getByTestId('user-menu').click()
    await page.getByTestId('sign-out').click()
    await expect(page.getByTestId('sign-in-user')).toBeVisible()
    await expect(page.getByTestId('session-ended')).toHaveCount(0)
  })
})

test('over HTTPS with its own certificate the desk takes a call, and the cookie stays on it', async ({ page, context }) => {
  await page.goto(`${centre.https}/login`)
  await page.getByTestId('sign-in-user').fill('agent2')
  await page.getByTestId('sign-in-password').fill(centre.password('agent2'))
  await page.getByTestId('sign-in-submit').click()
  await isLive(page)
  const cookies = await context.cookies()
  expect(cookies.map(({ name, secure, httpOnly, path }) => ({ name, secure, httpOnly, path }))).toEqual([{ name: '__Host-session', secure: true, httpOnly: true, path: '/' }])
  await startShift(page)
  const caller = await Caller.call(centre, '1001')
  try {
    await page.getByTestId('answer').click()
    await expect(page.getByTestId('wrap-up')).toHaveAttribute('data-state', 'talking')
    const before = caller.phone.packets
    await expect.poll(() => caller.phone.packets).toBeGreaterThan(before + 25)
    await page.getByTestId('hang-up').click()
    await caller.succeeds()
  } finally {
    caller.leave()
  }
})
