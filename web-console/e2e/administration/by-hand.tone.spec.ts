// An administrator sets up a second queue, agent, number and trunk in the browser, and a call runs through all of them.
import { expect, test, type Page } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { MICROPHONE_HERTZ } from '../support/microphone-tone'
import { expectPitch, heardIn, signIn, startShift } from '../support/page'

const CALLER_HERTZ = 590
const NUMBER = '+34910555000'
/** Lies in the sample trunk's range too: the narrower one is the one that counts. */
const CARRIER = '127.0.0.9'

const centre = useCentre()

test('a second queue, agent, number and trunk made by hand take a call', async ({ page, browser }) => {
  await signIn(page, centre, 'admin')

  await make(page, 'skills', 'abroad', async () => {
    await page.getByTestId('field-name').fill('Abroad')
  })
  await make(page, 'queues', 'customers-abroad', async () => {
    await page.getByTestId('field-name').fill('Customers abroad')
    await addSkill(page, 'Abroad')
    await page.getByTestId('field-ring_secs').fill('30')
  })
  let password = ''
  await make(page, 'users', 'nora', async () => {
    await page.getByTestId('field-name').fill('Nora Blanco')
    await page.getByTestId('field-id').fill('nora')
    await page.getByTestId('password-suggest').click()
    password = await page.getByTestId('field-password').inputValue()
  })
  await make(page, 'agents', 'nora', async () => {
    await choose(page, 'field-user', /Nora Blanco/)
    await expect(page.getByTestId('field-name')).toHaveValue('Nora Blanco')
    await addSkill(page, 'Abroad')
  })
  await make(page, 'trunks', 'southern-carrier', async () => {
    await page.getByTestId('field-name').fill('Southern carrier')
    await page.getByTestId('field-sources').fill(`${CARRIER}/32`)
  })
  await make(page, 'numbers', NUMBER, async () => {
    await page.getByTestId('field-number').fill('+34 910 555 000')
    await page.getByTestId('field-name').fill('Abroad, direct')
    await choose(page, 'field-target', /queue|cola/i)
    await choose(page, 'field-queue', 'Customers abroad')
  })

  const context = await browser.newContext({ permissions: ['microphone', 'notifications'] })
  const desk = await context.newPage()
  await signIn(desk, centre, 'nora', password)
  await startShift(desk)

  const caller = await Caller.call(centre, NUMBER, { address: CARRIER, hertz: CALLER_HERTZ })
  try {
    await expect(desk.getByTestId('offer')).toContainText('Customers abroad')
    await desk.getByTestId('answer').click()
    await expectPitch(() => heardIn(desk), CALLER_HERTZ)
    await expectPitch(() => caller.phone.listen(), MICROPHONE_HERTZ)
    await desk.getByTestId('hang-up').click()
    await caller.succeeds()
  } finally {
    caller.leave()
  }
  const rest = await centre.rest('admin')
  const [call] = await rest.items<{ id: string }>('/calls')
  expect(call).toMatchObject({ our_number: NUMBER, queue: 'customers-abroad', agent: 'nora', outcome: 'answered' })
  const { events } = await rest.ask<{ events: { event: { kind: string; trunk?: string } }[] }>('GET', `/calls/${call?.id}`)
  expect(events[0]?.event).toMatchObject({ kind: 'arrived', trunk: 'southern-carrier' })
  await context.close()
})

/** Opens the form of a new entry, has it filled in, and saves: then it stands in the list. */
async function make(page: Page, section: string, key: string, fillIn: () => Promise<void>): Promise<void> {
  await test.step(`${section}: ${key}`, async () => {
    await page.goto(`${centre.http}/admin/${section}`)
    await page.getByTestId('entry-new').click()
    await fillIn()
    await page.getByTestId('entry-save').click()
    await expect(page.getByTestId('entry-save')).toHaveCount(0)
    await expect(page.getByTestId(`entry-${key}`)).toBeVisible()
  })
}

async function choose(page: Page, field: string, option: string | RegExp): Promise<void> {
  await page.getByTestId(field).click()
  await page.getByRole('option', { name: option }).click()
  await expect(page.getByRole('option')).toHaveCount(0)
}

async function addSkill(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: /^(Add a skill|Añadir habilidad)$/ }).click()
  const field = page.getByRole('button', { name: /(Skill|Habilidad)$/ })
  await field.click()
  await page.getByRole('option', { name, exact: true }).click()
  await expect(field).toContainText(name)
}
