import { expect, test } from 'vitest'
import type { CallDetails } from '@/api/records'
import { legsOf } from './leg-protection'

const record = (event: object) => ({ area: 'call', event }) as unknown as CallDetails['events'][number]

test('the last word on a leg counts, and one of which nothing is said was in the clear', () => {
  const measured = (party: string) => record({ kind: 'audio_measured', party })
  const agreed = (media: string) => record({ kind: 'leg_agreed', party: 'customer', media, signalling: 'tls' })
  expect(legsOf([record({ kind: 'arrived' })]).size).toBe(0)
  const legs = legsOf([agreed('sdes'), agreed('plain'), measured('customer'), measured('agent')])
  expect(legs.get('customer')).toMatchObject({ media: 'plain', signalling: 'tls' })
  expect(legs.get('agent')).toEqual({ media: 'plain' })
})

test('a call of whose legs nothing is said shows nothing: its history may be older than such words', () => {
  const measured = (party: string) => record({ kind: 'audio_measured', party })
  expect(legsOf([measured('customer'), measured('agent')]).size).toBe(0)
})
