import { expect, test } from 'vitest'
import { asksOf, isSatisfied, NOTHING_GIVEN } from './guards'

const guards = { needs_reason: true, role: null, requires: [] }

test('a move asks for its reason and for the facts that are missing, and is ready when all are given', () => {
  const asks = asksOf({ guards, held_by: [{ guard: 'missing', what: 'disposition' }, { guard: 'missing', what: 'field.serial' }] })
  expect(asks).toEqual({ reason: true, role: undefined, facts: ['disposition', 'field.serial'] })
  expect(isSatisfied(asks, NOTHING_GIVEN)).toBe(false)
  const given = { reason: 'because', owner: null, disposition: 'line', fields: { serial: '42' } }
  expect(isSatisfied(asks, given)).toBe(true)
  expect(isSatisfied(asks, { ...given, reason: ' ' })).toBe(false)
  expect(isSatisfied(asks, { ...given, fields: { serial: null } })).toBe(false)
})

test('what cannot come with the move, and a role that is too low, hold it back', () => {
  expect(isSatisfied(asksOf({ guards: { ...guards, needs_reason: false }, held_by: [{ guard: 'missing', what: 'customer' }] }), NOTHING_GIVEN)).toBe(false)
  expect(asksOf({ guards, held_by: [{ guard: 'role', needs: 'supervisor' }] }).role).toBe('supervisor')
})
