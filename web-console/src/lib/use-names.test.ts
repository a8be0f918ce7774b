import { beforeAll, expect, test } from 'vitest'
import type { Disposition, Queue } from '@/api/types'
import { changeLanguage, startI18n } from '@/i18n'
import { reasonText } from './use-names'

const tree = [
  { id: 'billing', parent: null, names: { en: 'Billing', es: 'Facturación' } },
  { id: 'billing.question', parent: 'billing', names: { en: 'Question about a bill', es: 'Consulta sobre factura' } },
] as unknown as Disposition[]
const queues = [{ id: 'returns', name: 'Devoluciones' }] as unknown as Queue[]

beforeAll(async () => {
  await startI18n()
  await changeLanguage('es')
})

test('a reason that is a disposition has its name in the language asked for', () => {
  expect(reasonText('billing', tree, queues, 'es')).toBe('Facturación')
  expect(reasonText('billing', tree, queues, 'en')).toBe('Billing')
})

test('keys of flows are written with dashes, those of dispositions with dots', () => {
  expect(reasonText('billing-question', tree, queues, 'es')).toBe('Consulta sobre factura')
})

test('then our own words, then a queue, then the key itself in words', () => {
  expect(reasonText('agent', tree, queues, 'es')).toBe('Quiere hablar con alguien')
  expect(reasonText('returns', tree, queues, 'es')).toBe('Devoluciones')
  expect(reasonText('lost-parcel', tree, queues, 'es')).toBe('Lost parcel')
})
