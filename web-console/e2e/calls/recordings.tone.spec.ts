// A call is recorded: the agent sees it, pauses it and goes on, and a supervisor plays it with the keyboard on the call's page.
import { expect, test } from '@playwright/test'
import { readFileSync } from 'node:fs'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { look } from '../support/look'
import { anotherPage, expectPitch, heardIn, signIn, startShift } from '../support/page'

const CALLER_HERTZ = 640

const centre = useCentre()

test('an agent pauses the recording of a call, and a supervisor plays and downloads it', async ({ page: ana, browser }) => {
  test.setTimeout(180_000)
  const admin = await anotherPage(browser, centre, 'admin')
  await test.step('the rule is set in the administration', async () => {
    await admin.goto(`${centre.http}/admin/centre`)
    await admin.getByTestId('field-recording-inbound').click()
    await admin.getByRole('option').last().click()
    await admin.getByTestId('entry-save').click()
    await expect(admin.getByTestId('entry-save')).toBeDisabled()
  })
  const rest = await centre.rest('admin')
  for (const queue of await rest.items<{ id: string }>('/queues')) await rest.ask('PUT', `/queues/${queue.id}`, { ...(await rest.ask<object>('GET', `/queues/${queue.id}`)), has_secret_note: true })
  await signIn(ana, centre, 'agent1')
  await startShift(ana)
  const caller = await Caller.call(centre, '1001', { hertz: CALLER_HERTZ })
  try {
    await expect(ana.getByTestId('offer')).toBeVisible()
    await ana.getByTestId('answer').click()
    await expectPitch(() => heardIn(ana), CALLER_HERTZ)
    const state = ana.getByTestId('recording')
    await expect(state).toHaveAttribute('data-recording', 'on')
    await ana.waitForTimeout(2_000)
    await ana.getByTestId('recording-pause').click()
    await expect(state).toHaveAttribute('data-recording', 'paused')
    await look(ana, 'recording-paused', '[data-testid=recording]')
    await ana.waitForTimeout(1_500)
    await ana.getByTestId('recording-resume').click()
    await expect(state).toHaveAttribute('data-recording', 'on')
    await test.step('while a secret is taken down nothing is recorded', async () => {
      const note = ana.getByTestId('secret-note')
      await note.click()
      await expect(state).toHaveAttribute('data-recording', 'paused')
      await ana.keyboard.type('4111 1111')
      await expect(ana.getByTestId('recording')).toContainText('secret field')
      await ana.getByTestId('call-notes').click()
      await expect(state).toHaveAttribute('data-recording', 'on')
      await expect(note).toHaveValue('4111 1111')
    })
    await test.step('who listens meanwhile hears it go on', async () => {
      const [running] = await rest.items<{ id: string }>('/calls')
      await admin.goto(`${centre.http}/calls/${running?.id}`)
      await admin.getByTestId('recording-open').click()
      const wave = admin.getByTestId('recording-wave')
      await expect(wave).toBeVisible()
      const first = Number(await wave.getAttribute('aria-valuemax'))
      await wave.focus()
      await admin.keyboard.press('End')
      await admin.keyboard.press('ArrowLeft')
      await admin.keyboard.press('Space')
      await expect.poll(async () => Number(await wave.getAttribute('aria-valuenow')), { timeout: 20_000 }).toBeGreaterThan(first + 1)
    })
    await ana.getByTestId('hang-up').click()
  } finally {
    caller.leave()
  }

  const supervisor = await anotherPage(browser, centre, 'supervisor')
  const [call] = await rest.items<{ id: string }>('/calls')
  if (!call) throw new Error('the call is not in the history')
  await supervisor.goto(`${centre.http}/calls/${call.id}`)
  await supervisor.getByTestId('recording-open').click()
  const wave = supervisor.getByTestId('recording-wave')
  await expect(wave).toBeVisible()
  await expect(supervisor.getByTestId('recording-marks').getByRole('listitem')).not.toHaveCount(0)
  const time = async () => Number(await wave.getAttribute('aria-valuenow'))
  await wave.focus()
  await supervisor.keyboard.press('Space')
  await expect.poll(time, { timeout: 15_000 }).toBeGreaterThan(0)
  await supervisor.keyboard.press('Space')
  await supervisor.keyboard.press('End')
  expect(await time()).toBe(Number(await wave.getAttribute('aria-valuemax')))
  await supervisor.keyboard.press('Home')
  expect(await time()).toBe(0)
  await look(supervisor, 'recording-player', '[data-testid=recording-player]')

  const saving = supervisor.waitForEvent('download')
  await supervisor.getByTestId('recording-download').click()
  const file = readFileSync(await (await saving).path())
  expect([file.toString('latin1', 0, 4), file.readUInt16LE(22), file.readUInt32LE(24)]).toEqual(['RIFF', 2, 8_000])
  await expect(supervisor.getByTestId('recording-delete')).toHaveCount(0)

  await admin.goto(`${centre.http}/calls/${call.id}`)
  await admin.getByTestId('recording-delete').click()
  await admin.getByTestId('recording-delete-yes').click()
  await expect(admin.getByTestId('recording-entry')).toHaveCount(0)
})
