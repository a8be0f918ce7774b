// A web phone that is not ours: JsSIP in a page, over SIP on a WebSocket (RFC 7118), calls and is called.
import { expect, test, type Page } from '@playwright/test'
import type { RTCSession } from 'jssip/lib/RTCSession'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Caller } from '../support/caller'
import { useCentre, type Rest } from '../support/centre'
import { DeskPhone } from '../support/desk-phone'
import { jssip } from '../support/jssip'
import { MICROPHONE_HERTZ } from '../support/microphone-tone'
import { expectPitch, heardIn, rawMicrophone } from '../support/page'

const CALLER_HERTZ = 640

const centre = useCentre()

/** What the page's scripts have made of its window. */
interface PhoneWindow {
  JsSIP: typeof import('jssip')
  phone: import('jssip').UA
  session: RTCSession
  state: string
}

interface Accounts {
  phones: { account: string; password: string }[]
}

function passwordOf(account: string): string {
  const accounts = JSON.parse(readFileSync(join(centre.data, 'sample-accounts.json'), 'utf8')) as Accounts
  return accounts.phones.find((phone) => phone.account === account)?.password ?? ''
}

/** Registers the account in a page, and answers whatever rings. */
async function register(page: Page, account: string): Promise<void> {
  const password = passwordOf(account)
  await rawMicrophone(page)
  // As the browser's own script, which the page's policy does not bind.
  await page.addInitScript({ content: await jssip() })
  await page.goto(`${centre.http}/login`)
  await page.evaluate(
    async ([address, account, password]) => {
      const player = document.createElement('audio')
      player.id = 'remote-audio'
      player.autoplay = true
      document.body.append(player)
      const { JsSIP } = window as unknown as PhoneWindow
      const phone = new JsSIP.UA({
        sockets: [new JsSIP.WebSocketInterface(`${address.replace('http', 'ws')}/ws/sip`)],
        uri: `sip:${account}@centralita`,
        password,
        session_timers: false,
      })
      Object.assign(window, { phone })
      phone.on('newRTCSession', ({ session, originator }: { session: RTCSession; originator: string }) => {
        Object.assign(window, { session, state: 'ringing' })
        session.on('confirmed', () => Object.assign(window, { state: 'confirmed' }))
        session.on('ended', () => Object.assign(window, { state: 'ended' }))
        session.on('failed', ({ cause }) => Object.assign(window, { state: `failed: ${cause}` }))
        const listen = () => session.connection.addEventListener('track', ({ streams }: RTCTrackEvent) => (player.srcObject = streams[0] ?? null))
        if (originator === 'local') listen()
        else {
          session.on('peerconnection', listen)
          session.answer({ mediaConstraints: { audio: true, video: false } })
        }
      })
      await new Promise((resolve, reject) => {
        phone.once('registered', resolve)
        phone.once('registrationFailed', ({ cause }) => reject(new Error(cause)))
        phone.start()
      })
    },
    [centre.http, account, password] as const,
  )
}

const state = (page: Page) => page.evaluate(() => (window as unknown as PhoneWindow).state)

test('a page with a SIP library registers, calls the echo and hears itself', async ({ page }) => {
  await register(page, '101')
  await page.evaluate(() => (window as unknown as PhoneWindow).phone.call('sip:1009@centralita', { mediaConstraints: { audio: true, video: false } }))
  await expect.poll(() => state(page)).toBe('confirmed')
  await expectPitch(() => heardIn(page), MICROPHONE_HERTZ)
  await page.evaluate(() => (window as unknown as PhoneWindow).session.terminate())
  await expect.poll(() => state(page)).toBe('ended')
})

/** The agent works with a telephone, and is free for the next story as soon as a call is over. */
async function workWithTelephone(): Promise<Rest> {
  const admin = await centre.rest('admin')
  const agent = await admin.ask<Record<string, unknown>>('GET', '/agents/agent1')
  await admin.ask('PUT', '/agents/agent1', { ...agent, device: 'sip' })
  const queue = await admin.ask<Record<string, unknown>>('GET', '/queues/support')
  await admin.ask('PUT', '/queues/support', { ...queue, wrap_up: { mode: 'none' } })
  return admin
}

test('an agent whose phone is such a page is called and talks with the caller', async ({ page }) => {
  const admin = await workWithTelephone()
  await register(page, '101')
  await admin.ask('PUT', '/agents/agent1/presence', { state: 'ready' })
  const caller = await Caller.call(centre, '1001', { hertz: CALLER_HERTZ })
  try {
    await expect.poll(() => state(page), { timeout: 30_000 }).toBe('confirmed')
    await expectPitch(() => heardIn(page), CALLER_HERTZ)
    await expectPitch(() => caller.phone.listen(), MICROPHONE_HERTZ)
    await page.evaluate(() => (window as unknown as PhoneWindow).session.terminate())
    await caller.succeeds()
  } finally {
    caller.leave()
  }
})

test('a desk phone and such a page of one account ring together, and the later one hears that the call was taken', async ({ page }) => {
  const admin = await workWithTelephone()
  const desk = await DeskPhone.register(centre, { account: '101', password: passwordOf('101') }, 'uas_taken_elsewhere.xml')
  await register(page, '101')
  await admin.ask('PUT', '/agents/agent1/presence', { state: 'ready' })
  const caller = await Caller.call(centre, '1001', { hertz: CALLER_HERTZ })
  try {
    await expect.poll(() => state(page), { timeout: 30_000 }).toBe('confirmed')
    await desk.succeeds()
    await expectPitch(() => heardIn(page), CALLER_HERTZ)
    await expectPitch(() => caller.phone.listen(), MICROPHONE_HERTZ)
    await page.evaluate(() => (window as unknown as PhoneWindow).session.terminate())
    await caller.succeeds()
  } finally {
    desk.leave()
    caller.leave()
  }
})
