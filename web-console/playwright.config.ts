// Browser stories against the real server: each file starts its own on free ports (e2e/support/centre.ts). Chromium is the
// system's; nothing is downloaded.
import { defineConfig } from '@playwright/test'
import { microphoneTone } from './e2e/support/microphone-tone'

const executablePath = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium'
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
]

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  workers: 2,
  fullyParallel: false,
  forbidOnly: process.env.CI !== undefined,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    actionTimeout: 15_000,
    navigationTimeout: 20_000,
    viewport: { width: 1280, height: 720 },
    permissions: ['microphone', 'notifications'],
    video: 'off',
    screenshot: 'only-on-failure',
    // It would cost a third of every story; for the one that fails: npx playwright test FILE --trace on.
    trace: 'off',
    launchOptions: { executablePath, args },
  },
  projects: [
    // Here the browser's microphone sings a known tone instead of beeping. One at a time: what is heard is judged by its pitch. They come
    // first, so that the other stories run beside them and not before them.
    { name: 'tone', workers: 1, testMatch: /\.tone\.spec\.ts$/, use: { launchOptions: { executablePath, args: [...args, `--use-file-for-fake-audio-capture=${microphoneTone()}`] } } },
    { name: 'console', testIgnore: /\.tone\.spec\.ts$/ },
  ],
})
