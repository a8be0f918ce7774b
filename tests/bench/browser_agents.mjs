// Agents in tabs of a real browser, who take whatever rings.
//
//   node browser_agents.mjs ORIGIN USER PASSWORD [USER PASSWORD …]     prints `ready` when all are, then `answered` for each call;
//                                                                    ends with its standard input
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const [origin, ...accounts] = process.argv.slice(2)
const require = createRequire(fileURLToPath(new URL('../../web-console/package.json', import.meta.url)))
const { chromium } = require('@playwright/test')

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_BIN,
  args: [
    '--no-sandbox',
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    '--autoplay-policy=no-user-gesture-required',
    // All but one of the tabs are behind others.
    '--disable-background-timer-throttling',
    '--disable-renderer-backgrounding',
  ],
})
process.stdin.on('end', () => void browser.close().then(() => process.exit(0))).resume()

async function signIn(user, password) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, permissions: ['microphone'] })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  await page.goto(origin)
  await page.getByTestId('sign-in-user').fill(user)
  await page.getByTestId('sign-in-password').fill(password)
  await page.getByTestId('sign-in-submit').click()
  await page.locator('body[data-live="up"]').waitFor()
  await page.getByTestId('presence').click()
  await page.getByTestId('presence-ready').click()
  await page.locator('[data-testid="presence"][data-state="ready"]').waitFor()
  return page
}

const pages = []
for (let index = 0; index < accounts.length; index += 2) pages.push(await signIn(accounts[index], accounts[index + 1]))
console.log('ready')
await Promise.all(
  pages.map(async (page) => {
    await page.getByTestId('answer').click({ timeout: 0 })
    await page.getByTestId('hang-up').waitFor()
    console.log('answered')
  }),
)
