// An agent calls somebody whose answering machine answers, leaves a message behind its beep, and is free meanwhile.
import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { useCentre } from '../support/centre'
import { FarEnd, leadTrunkTo } from '../support/far-end'
import { anotherPage, signIn, startShift } from '../support/page'
import type { TonePeer } from '../support/tone-peer'

const MESSAGE = 'callback-promised'
/** A WAV file's head, before its samples. */
const HEAD = 44

const centre = useCentre()

test('the agent sees that a machine answers, leaves a message behind its beep and finds it all on the page of the call', async ({ page, browser }) => {
  await test.step('the administrator has it found out and allows a message', async () => {
    const admin = await anotherPage(browser, centre, 'admin')
    await admin.goto(`${centre.http}/admin/centre`)
    await admin.getByTestId('field-answer-detection').click()
    await admin.getByTestId(`field-message-${MESSAGE}`).click()
    await admin.getByTestId('entry-save').click()
    await expect(admin.getByTestId('entry-save')).toBeDisabled()
    await admin.close()
  })
  const machine = await FarEnd.open({ hertz: 740, ringsMs: 500 })
  try {
    await leadTrunkTo(centre, machine.peer)
    greet(machine.phone)
    const rest = await centre.rest('agent1')
    const [customer] = await rest.items<{ id: string }>('/customers?q=%2B34911000001')
    await signIn(page, centre, 'agent1')
    await startShift(page)
    await page.goto(`${centre.http}/customers/${customer?.id}`)
    await page.getByRole('button', { name: /911 000 001/ }).click()

    const answered = page.getByTestId('answered-by')
    await expect(answered).toHaveAttribute('data-answer', 'machine', { timeout: 30_000 })
    await page.getByTestId('leave-message').click()
    await page.getByTestId(`leave-message-${MESSAGE}`).click()
    await expect(page.getByTestId('presence')).not.toHaveAttribute('data-state', 'busy')
    // The message is said to its end, and then the server hangs up.
    await machine.succeeds()

    const ended = async () => (await rest.items<{ id: string; ended_at?: string }>('/calls?answer=machine')).find((one) => one.ended_at)
    await expect.poll(ended).toBeTruthy()
    const call = await ended()
    await page.goto(`${centre.http}/calls?answer=machine`)
    await expect(page.getByTestId(`call-${call?.id}`).getByTestId('answer')).toHaveAttribute('data-answer', 'machine')
    await page.goto(`${centre.http}/calls/${call?.id}`)
    const told = page.locator('main')
    await expect(told.getByTestId('answer')).toHaveAttribute('data-answer', 'machine')
    await expect(told).toContainText(/Quedó dejado el mensaje|was left/)
    // The carrier's leg was in the clear, the browser's never is.
    await expect(told.getByTestId('leg-protection')).toHaveCount(2)
    await expect(told.getByTestId('leg-protection').first()).toHaveAttribute('data-media', 'plain')
    await expect(told.getByTestId('leg-protection').last()).toHaveAttribute('data-media', 'dtls')
  } finally {
    machine.leave()
  }
})

/** What a machine says: a greeting longer than people's, a beep, and nothing more. */
function greet(phone: TonePeer): void {
  const file = readFileSync(new URL('../../../ivr-scripts/shared/prompts/es/all-busy.wav', import.meta.url))
  phone.hush(0.5)
  phone.say(Int16Array.from({ length: (file.length - HEAD) >> 1 }, (_, i) => file.readInt16LE(HEAD + 2 * i)))
  phone.hush(0.4)
  phone.beep(1_000, 0.4)
  phone.hush(30)
}
