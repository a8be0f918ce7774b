import { expect, test } from 'vitest'
import { aCall } from '@/testing/fake-server'
import { canCallAgain, endToTell, isFreeToDial, numberToCallAgain } from './call-end'

const wrappingUp = { is: 'wrapping_up', needs_disposition: false } as const
const party = { number: '+34911222333', is_withheld: false, is_web: false, candidates: [] }
const dialled = aCall({ direction: 'outbound', state: wrappingUp, party, connected_at: null, end_cause: 'busy' })

test('a dialled call that reached nobody says why and can be tried again', () => {
  expect(endToTell(dialled)).toBe('busy')
  expect([canCallAgain(dialled), numberToCallAgain(dialled)]).toEqual([true, '+34911222333'])
})

test('what was dialled and is no number is called again as it was', () => {
  const extension = aCall({ ...dialled, party: { ...party, number: null, label: '103' } })
  expect(numberToCallAgain(extension)).toBe('103')
})

test('a call that was talked on is wrapped up first, and says no more than it must', () => {
  const talked = aCall({ ...dialled, connected_at: '2026-11-21T10:00:00.000Z', end_cause: 'hangup' })
  expect([endToTell(talked), canCallAgain(talked)]).toEqual([null, false])
  expect(endToTell(aCall({ ...talked, end_cause: 'lost' }))).toBe('lost')
})

test('an inbound call and one that still rings are not called again', () => {
  expect(canCallAgain(aCall({ ...dialled, direction: 'inbound' }))).toBe(false)
  expect(canCallAgain(aCall({ ...dialled, state: { is: 'dialling' } }))).toBe(false)
})

test('nothing but a call that reached nobody leaves its agent free to dial', () => {
  expect([[], [dialled], [dialled, aCall()]].map(isFreeToDial)).toEqual([true, true, false])
})

test('an agent who gives up hears no reason', () => {
  expect(endToTell(aCall({ ...dialled, end_cause: 'hangup' }))).toBeNull()
})
