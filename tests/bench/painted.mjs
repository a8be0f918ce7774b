// The time from a call's INVITE to its customer's record on the screen of a real browser. An agent signs in and is ready; the
// caller is told by a line on standard output to call; the console itself marks when a record was painted.
//
//   node painted.mjs ORIGIN PASSWORD CALLS     prints `ready`, then for each call `call` and `{"painted_ms": …}`
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const [origin, password, calls] = process.argv.slice(2)
const require = createRequire(fileURLToPath(new URL('../../web-console/package.json', import.meta.url)))
const { chromium } = require('@playwright/test')

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_BIN,
  args: ['--no-sandbox', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required'],
})
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, permissions: ['microphone'] })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(origin)
  await page.getByTestId('sign-in-user').fill('agent1')
  await page.getByTestId('sign-in-password').fill(password)
  await page.getByTestId('sign-in-submit').click()
  await page.locator('body[data-live="up"]').waitFor()
  const presence = page.getByTestId('presence')
  const becomeReady = async () => {
    if ((await presence.getAttribute('data-state')) === 'ready') return
    await presence.click()
    await page.getByTestId('presence-ready').click()
    await page.locator('[data-testid="presence"][data-state="ready"]').waitFor()
  }
  await becomeReady()
  console.log('ready')
  for (let done = 0; done < Number(calls); done++) {
    await becomeReady()
    await page.evaluate(() => performance.clearMarks('pop-painted'))
    console.log('call')
    const handle = await page.waitForFunction(() => performance.getEntriesByName('pop-painted').map((mark) => mark.detail).find((detail) => detail.arrived_at !== null))
    const { arrived_at, painted_at } = await handle.jsonValue()
    console.log(JSON.stringify({ painted_ms: painted_at - (typeof arrived_at === 'number' ? arrived_at : Date.parse(arrived_at)) }))
    await page.getByTestId('offer').waitFor({ state: 'detached' })
  }
} finally {
  await browser.close()
}
