// A supervisor sees the floor as it is, within a second.
import { expect, test } from '@playwright/test'
import { Caller } from '../support/caller'
import { useCentre, type Rest } from '../support/centre'
import { signIn } from '../support/page'

const centre = useCentre()

test('the board shows who waits within a second, and who gave up', async ({ page }) => {
  await signIn(page, centre, 'supervisor')
  const waiting = page.getByTestId('board-queue-support-waiting')
  await expect(waiting).toHaveText('0')
  const caller = await Caller.call(centre, '1001', { hangsUpAfterMs: 6_000 })
  try {
    // The caller is in the queue when the music begins.
    await expect.poll(() => caller.phone.packets, { intervals: [20] }).toBeGreaterThan(0)
    await expect(waiting).toHaveText('1', { timeout: 1_000 })
    await caller.succeeds()
    await expect(waiting).toHaveText('0', { timeout: 3_000 })
  } finally {
    caller.leave()
  }
  // Giving up leaves a callback ticket.
  const rest = await centre.rest('supervisor')
  await expect.poll(async () => (await rest.items<{ type: string }>('/tickets?type=callback')).length).toBe(1)
})

test('a ticket that nobody answers in time is told to the supervisor', async ({ page }) => {
  await signIn(page, centre, 'supervisor')
  const admin = await centre.rest('admin')
  await firstResponseWithin(admin, 2)
  const agent = await centre.rest('agent1')
  await agent.ask('POST', '/tickets', { type: 'incident', subject: 'Sin línea', description: '', priority: 'normal', queue: 'support', customer: null, disposition: null })
  await expect(page.getByRole('alert').filter({ hasText: /plazo|deadline/ })).toBeVisible({ timeout: 10_000 })
})

interface Policy {
  id: string
  version: number
  targets: Record<string, { first_response_secs: number | null; resolution_secs: number | null }>
}

async function firstResponseWithin(admin: Rest, seconds: number): Promise<void> {
  const policy = (await admin.items<Policy>('/sla-policies')).find((one) => one.id === 'support')
  if (!policy) throw new Error('no policy for support')
  for (const target of Object.values(policy.targets)) target.first_response_secs = seconds
  await admin.ask('PUT', '/sla-policies/support', policy)
}
