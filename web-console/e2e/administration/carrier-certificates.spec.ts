// An administrator says in the browser whose certificates a trunk takes, sees why one is not taken, and mends it.
import { expect, test } from '@playwright/test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { useCentre } from '../support/centre'
import { signIn } from '../support/page'

/** The centre's own port for SIP over TLS plays the carrier; its certificate is one that it made itself. */
const CARRIER = '127.0.0.1:25061'

const centre = useCentre([`sip.tls_listen=${CARRIER}`, 'sip.ping_every=1s'])

test('a carrier whose certificate nobody knows is not believed until its authority is pasted into its trunk', async ({ page }) => {
  await signIn(page, centre, 'admin')
  await page.goto(`${centre.http}/admin/trunks`)
  await page.getByTestId('entry-new').click()
  await page.getByTestId('field-name').fill('Southern carrier')
  await page.getByTestId('field-peer').fill(CARRIER)
  await expect(page.getByTestId('field-tls-authorities')).toHaveCount(0)
  await page.getByTestId('field-transport').click()
  await page.getByRole('option', { name: 'TLS' }).click()
  await page.getByTestId('field-tls-fingerprints').fill('00:11')
  await page.getByTestId('entry-save').click()
  await expect(page.getByText('Escribe los 64 dígitos hexadecimales de una huella SHA-256')).toBeVisible()
  await page.getByTestId('field-tls-fingerprints').fill('')
  await page.getByTestId('entry-save').click()
  await expect(page.getByTestId('entry-save')).toHaveCount(0)
  const state = page.getByTestId('trunk-state-southern-carrier')
  await expect(state).toContainText('certificado no fiable: autoridad desconocida')

  await page.goto(`${centre.http}/admin/trunks?edit=southern-carrier`)
  await page.getByTestId('field-tls-authorities').fill(readFileSync(join(centre.data, 'tls', 'self-signed.pem'), 'utf8'))
  await page.getByTestId('entry-save').click()
  await expect(page.getByTestId('entry-save')).toHaveCount(0)
  await expect(state).toContainText('Responde')

  // What is pinned counts more than who vouches.
  await page.goto(`${centre.http}/admin/trunks?edit=southern-carrier`)
  await page.getByTestId('field-tls-fingerprints').fill('ab'.repeat(32))
  await page.getByTestId('entry-save').click()
  await expect(state).toContainText('certificado no fiable: otra huella')
})
