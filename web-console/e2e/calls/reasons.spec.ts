// Why a call ended in the words of the caller's carrier: a sentence for what the telephone network defines, else what it wrote.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre } from '../support/centre'
import { signIn } from '../support/page'

const centre = useCentre()

const SAID = [
  { cause: '16', es: 'su red dice: fin normal de la llamada (Q.850 16)', en: 'their network says: normal call clearing (Q.850 16)' },
  { cause: '77', es: 'su red dice: Q.850 77: «Said <b>there</b>, twice»', en: 'their network says: Q.850 77: “Said <b>there</b>, twice”' },
] as const

test("a call's page says why it ended in the words of the caller's network", async ({ page }) => {
  const rest = await centre.rest('supervisor')
  await signIn(page, centre, 'supervisor')
  for (const { cause, es, en } of SAID) {
    const caller = await Caller.call(centre, '1009', { scenario: 'uac_says_why', hangsUpAfterMs: 300, keys: { cause } })
    await caller.succeeds()
    const [call] = await rest.items<{ id: string }>('/calls')
    if (!call) throw new Error('the call is not in the history')
    await page.goto(`${centre.http}/calls/${call.id}`)
    for (const [language, words] of [['es', es], ['en', en]] as const) {
      await page.evaluate((chosen) => localStorage.setItem('centralita.language', chosen), language)
      await page.reload()
      await expect(page.getByTestId('call-events')).toContainText(words)
    }
  }
})
