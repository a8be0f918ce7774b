// Every screen in every state that it has: clean for axe in both languages and themes, and whole at 1280×720 with longer texts.
// `make pictures` looks at them in every pair of the two and takes a picture of each. Each role signs in once.
import { expect, test, type Page } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { glance, look, picture } from '../support/look'
import { isLive, signIn, startShift } from '../support/page'
import { overflowing } from '../support/stretch'

const centre = useCentre()

/** What changes from page to page; the frame around it was looked at before. */
const PAGE = 'main'

test.beforeAll(async () => {
  // Long enough to look at a call that rings.
  const rest = await centre.rest('admin')
  const queue = (await rest.items<{ id: string }>('/queues')).find((one) => one.id === 'support')
  await rest.ask('PUT', '/queues/support', { ...queue, ring_secs: 120, wrap_up: { mode: 'timed', secs: 300 }, callback: { mode: 'agent_first' } })
  await rest.ask('POST', '/alert-rules', { id: 'look', name: 'Cola larga', metric: 'waiting', queues: ['support'], raise_at: 1, clear_at: 0, raise_after_secs: 0, clear_after_secs: 0, webhooks: [], is_active: true })
})

test.beforeEach(({ page }) => {
  // The switches of the console begin from here, whatever this machine prefers.
  return page.addInitScript(() => {
    const begin = (name: string, value: string) => localStorage.setItem(name, localStorage.getItem(name) ?? value)
    begin('centralita.language', 'en')
    begin('centralita.theme', 'light')
  })
})

test('before the sign-in', async ({ page }) => {
  await page.goto(`${centre.http}/login`)
  await expect(page.getByTestId('sample-notice')).toBeVisible()
  await look(page, 'sign-in')
  await page.getByTestId('sign-in-user').fill('agent1')
  await page.getByTestId('sign-in-password').fill('not this one')
  await page.getByTestId('sign-in-submit').click()
  await expect(page.getByRole('alert')).toBeVisible()
  await look(page, 'sign-in-refused')
})

test('the page for callers', async ({ page }) => {
  await page.goto(`${centre.http}/call`)
  await expect(page.getByTestId('web-phone-call')).toBeVisible()
  await look(page, 'web-phone')
  await page.getByTestId('web-phone-line').selectOption('1009')
  await page.getByTestId('web-phone-call').click()
  await expect(page.getByTestId('web-phone-key-1')).toBeEnabled()
  await look(page, 'web-phone-call')
  await page.getByTestId('web-phone-hang-up').click()
  await expect(page.getByTestId('web-phone-call')).toBeVisible()
  await look(page, 'web-phone-over')
})

test('the desk of an agent, from the start of the shift to the wrap-up', async ({ page }) => {
  test.setTimeout(300_000)
  page.on('dialog', (dialog) => void dialog.accept())
  await signIn(page, centre, 'agent1')
  await look(page, 'desk-off-shift')
  await startShift(page)
  await look(page, 'desk-ready')

  for (const [match, from] of [
    ['several', '+34911000149'],
    ['unknown', '+34699999999'],
    ['withheld', 'anonymous'],
    ['known', '+34911000001'],
  ] as const) {
    const caller = await Caller.call(centre, match === 'known' ? '1000' : '1001', { from })
    try {
      if (match === 'known') {
        await expect.poll(() => caller.phone.packets).toBeGreaterThan(25)
        caller.phone.press('1')
      }
      await expect(page.getByTestId('offer')).toBeVisible({ timeout: 30_000 })
      await expect(page.getByTestId('pop')).toBeVisible()
      await look(page, `desk-ringing-${match}`, match === 'several' ? undefined : PAGE)
      await page.getByTestId('answer').click()
      await expect(page.getByTestId('wrap-up')).toHaveAttribute('data-state', 'talking')
      if (match === 'known') await inTheCall(page)
      await page.getByTestId('hang-up').click()
      await caller.succeeds()
    } finally {
      caller.leave()
    }
    await expect(page.getByTestId('wrap-up')).toHaveAttribute('data-state', 'wrapping_up')
    if (match === 'known') await look(page, 'desk-wrap-up')
    await page.getByTestId('wrap-up-done').click()
    await expect(page.getByTestId('presence')).toHaveAttribute('data-state', 'ready')
  }

  const caller = await Caller.call(centre, '1001')
  try {
    await page.getByTestId('decline').click()
    await expect(page.getByTestId('idle')).toHaveAttribute('data-why', 'missed')
    await look(page, 'desk-missed')
  } finally {
    caller.leave()
  }
})

async function inTheCall(page: Page): Promise<void> {
  await page.getByTestId('call-notes').fill('El router parpadea en rojo desde ayer. Ha reiniciado dos veces.')
  await expect(page.getByTestId('notes-state')).toHaveText(/Saved|Guardado/)
  await look(page, 'desk-talking')
  await page.getByTestId('ivr-path').click()
  await look(page, 'desk-path', '[role=dialog]')
  await page.keyboard.press('Escape')
  await page.getByTestId('keypad').click()
  await look(page, 'desk-keypad', '[role=dialog]')
  await page.keyboard.press('Escape')
  await page.getByTestId('transfer').click()
  await expect(page.getByTestId('transfer-search')).toBeVisible()
  await look(page, 'desk-transfer', '[role=dialog]')
  await page.keyboard.press('Escape')
  await page.getByTestId('mute').click()
  await page.getByTestId('hold').click()
  await expect(page.getByTestId('hold')).toHaveAttribute('aria-pressed', 'true')
  await look(page, 'desk-held')
  await page.getByTestId('hold').click()
  await page.getByTestId('mute').click()
}

test('what lies over a page, and its troubles', async ({ page, context }) => {
  test.setTimeout(180_000)
  await signIn(page, centre, 'agent2')
  await page.keyboard.press('Control+k')
  await expect(page.getByTestId('palette')).toBeVisible()
  await look(page, 'palette', '[role=dialog]')
  await page.getByTestId('palette-text').fill('luc')
  await expect(page.getByRole('menuitem').filter({ hasText: '+34' }).first()).toBeVisible()
  await look(page, 'palette-found', '[role=dialog]')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByTestId('keys-answer')).toBeVisible()
  await look(page, 'keys', '[role=dialog]')
  await page.keyboard.press('Escape')
  await page.getByTestId('presence').click()
  await expect(page.getByTestId('presence-ready')).toBeVisible()
  await look(page, 'presence', '[role=menu]')
  await page.keyboard.press('Escape')

  for (const [name, path] of [
    ['not-found', '/nowhere'],
    ['not-for-agents', '/admin/users'],
    ['live-not-for-agents', '/live'],
    ['reports-not-for-agents', '/reports'],
    ['customers-none', '/customers?q=zzzz'],
    ['customer-gone', '/customers/01ARZ3NDEKTSV4RRFFQ69G5FAV'],
  ] as const) {
    await page.goto(`${centre.http}${path}`)
    await isLive(page)
    await look(page, name, PAGE)
  }

  await page.route('**/api/v1/tickets*', (route) => route.fulfill({ status: 503, body: '{}' }))
  await page.goto(`${centre.http}/tickets`)
  await expect(page.getByRole('alert')).toBeVisible({ timeout: 20_000 })
  await look(page, 'tickets-failed', PAGE)
  await page.unroute('**/api/v1/tickets*')
  await page.route('**/api/v1/calls*', () => {})
  await page.goto(`${centre.http}/calls`)
  await expect(page.locator('.skeleton').first()).toBeVisible()
  await picture(page, 'calls-loading')

  await page.goto(`${centre.http}/desk`)
  await isLive(page)
  // The other language is here before the network goes.
  await expect.poll(() => page.evaluate(() => performance.getEntriesByType('resource').some((one) => /\/es-[^/]*\.js$/.test(one.name)))).toBe(true)
  await context.setOffline(true)
  await expect(page.getByTestId('connection')).toContainText(/Offline|Sin red/)
  await look(page, 'offline')
  await context.setOffline(false)
})

test('the floor of a supervisor', async ({ page }) => {
  test.setTimeout(180_000)
  await signIn(page, centre, 'supervisor')
  const waiting = page.getByTestId('board-queue-support-waiting')
  await expect(waiting).toHaveText(/^\d+$/)
  // Callers whose line went dead in an earlier story may still be waiting.
  const before = Number(await waiting.textContent())
  const caller = await Caller.call(centre, '1001', { from: '+34911000120' })
  try {
    await expect(waiting).toHaveText(String(before + 1))
    await expect(page.getByTestId('alert-look')).toBeVisible()
    await look(page, 'live')
    await page.getByTestId('tell-agents').click()
    await expect(page.getByTestId('tell-text')).toBeVisible()
    await look(page, 'live-tell', '[role=dialog]')
    await page.keyboard.press('Escape')
    await page.getByTestId('alert-history').click()
    await expect(page.getByRole('dialog').getByRole('listitem').first()).toBeVisible()
    await look(page, 'live-alerts', '[role=dialog]')
    await page.keyboard.press('Escape')
    await page.goto(`${centre.http}/callbacks`)
    await page.getByTestId('callback-new').click()
    await expect(page.getByTestId('callback-number')).toBeVisible()
    await look(page, 'callback-new', '[role=dialog]')
    await page.getByTestId('callback-number').fill('+34 911 222 333')
    await page.getByTestId('callback-note').fill('La factura de octubre')
    await page.getByTestId('callback-save').click()
    await expect(page.getByRole('row').filter({ hasText: 'La factura' })).toBeVisible()
    await look(page, 'callbacks', PAGE)
    await page.goto(`${centre.http}/work`)
    await expect(page.getByTestId('work-state')).toBeVisible()
    await look(page, 'work', PAGE)
    await page.goto(`${centre.http}/board`)
    await expect(page.getByTestId('tv-queue-support')).toBeVisible()
    await look(page, 'board')
    for (const view of ['queues', 'levels', 'exits', 'handling', 'callbacks', 'balance', 'agents']) {
      await page.goto(`${centre.http}/reports?view=${view}&interval=hour`)
      if (view !== 'agents' && view !== 'callbacks') await expect(page.getByTestId('reports-reconciled')).toHaveAttribute('data-off', '0')
      await isLive(page)
      await look(page, `reports-${view}`, PAGE)
    }
    // The caller who waits is behind the figure.
    await page.goto(`${centre.http}/reports?view=balance`)
    await page.getByTestId('report-support').getByTestId('figure-waiting_at_end').click()
    await expect(page.getByTestId(/^contact-/).first()).toBeVisible()
    await look(page, 'reports-contacts', PAGE)
  } finally {
    caller.leave()
  }
})

test('customers, tickets and calls', async ({ page }) => {
  test.setTimeout(300_000)
  await signIn(page, centre, 'admin')
  const rest = await centre.rest('admin')
  const [customer] = await rest.items<{ id: string }>('/customers?q=%2B34911000001')
  const [ticket] = await rest.items<{ id: string }>(`/tickets?customer=${customer?.id}`)
  const [call] = await rest.items<{ id: string }>('/calls?outcome=answered')
  await page.goto(`${centre.http}/check`)
  await isLive(page)
  await look(page, 'check')
  for (const [name, path] of [
    ['customers', '/customers?q=Luc'],
    ['customer', `/customers/${customer?.id}`],
    ['customer-new', '/customers/new'],
    ['customer-edit', `/customers/${customer?.id}/edit`],
    ['customers-import', '/customers/import'],
    ['tickets', '/tickets'],
    ['ticket', `/tickets/${ticket?.id}`],
    ['ticket-new', '/tickets/new'],
    ['calls', '/calls'],
    ['call', `/calls/${call?.id}`],
  ] as const) {
    await test.step(name, async () => {
      await page.goto(`${centre.http}${path}`)
      await isLive(page)
      await look(page, name, PAGE)
    })
  }
})

test('beside another window, and twice as large', async ({ page }) => {
  await signIn(page, centre, 'agent4')
  for (const [name, size] of [
    ['narrow', { width: 400, height: 800 }],
    ['zoomed', { width: 640, height: 360 }],
  ] as const) {
    await page.setViewportSize(size)
    for (const [screen, path] of [
      ['desk', '/desk'],
      ['tickets', '/tickets'],
      ['customers', '/customers?q=Luc'],
      ['calls', '/calls'],
      ['check', '/check'],
    ] as const) {
      await page.goto(`${centre.http}${path}`)
      await isLive(page)
      await expect(page.locator('.skeleton')).toHaveCount(0)
      await picture(page, `${screen}.${name}`)
      expect.soft(await overflowing(page), `${screen} ${name}`).toEqual([])
    }
  }
})

/** Every section of the administration, with the form of an entry, or of a new one where there is none. */
const SECTIONS = {
  users: 'edit=agent1',
  agents: 'edit=agent1',
  skills: 'edit=support',
  queues: 'edit=support',
  numbers: 'edit=1000',
  trunks: 'make=entry',
  routes: 'make=entry',
  phones: 'edit=101',
  hours: 'edit=office',
  dispositions: 'edit=incident.slow',
  pauses: 'edit=break',
  sla: 'edit=support',
  centre: null,
  alerts: 'edit=look',
  webhooks: 'make=entry',
  tokens: null,
  audit: null,
} as const

test('the administration', async ({ page }) => {
  test.setTimeout(400_000)
  await signIn(page, centre, 'admin')
  for (const [section, form] of Object.entries(SECTIONS)) {
    await test.step(section, async () => {
      await page.goto(`${centre.http}/admin/${section}`)
      await isLive(page)
      if (form === null) {
        await look(page, `admin-${section}`, PAGE)
        return
      }
      await glance(page, `admin-${section}`)
      await page.goto(`${centre.http}/admin/${section}?${form}`)
      await isLive(page)
      await expect(page.getByTestId('entry-save')).toBeVisible()
      await look(page, `admin-${section}-form`, PAGE)
    })
  }
})
