import { expect, test } from 'vitest'
import type { Disposition, PublishedLine } from '@/api/types'
import { lineText, pathText, reasonText } from './use-names'

const tree = [
  { id: 'billing', parent: null, names: { en: 'Billing', es: 'Facturación' } },
  { id: 'billing.question', parent: 'billing', names: { en: 'Question about a bill', es: 'Consulta sobre factura' } },
] as unknown as Disposition[]
const main: PublishedLine = {
  id: 'main-menu',
  names: { en: 'Main menu', es: 'Menú principal' },
  languages: ['es', 'en'],
  reasons: { billing: { en: 'Bills', es: 'Facturas' } },
  nodes: { menu: { en: 'Menu', es: 'Menú' }, 'to-support': { en: 'To support', es: 'A soporte' } },
}
const plain: PublishedLine = { id: 'night-line', names: {}, languages: ['es'], reasons: {}, nodes: {} }

test('a line names its reasons, a disposition those that it shares, and the rest are keys in words', () => {
  expect(reasonText('billing', [plain, main], tree, 'es')).toBe('Facturas')
  expect(reasonText('billing', [plain], tree, 'es')).toBe('Facturación')
  // Keys of flows are written with dashes, those of dispositions with dots.
  expect(reasonText('billing-question', [main], tree, 'en')).toBe('Question about a bill')
  expect(reasonText('lost-parcel', [main], tree, 'es')).toBe('Lost parcel')
})

test('the way through a line tells the stations that have a name', () => {
  expect(pathText(main, ['who', 'welcome-back', 'menu', 'to-support'], 'es')).toEqual(['Menú', 'A soporte'])
  expect(pathText(main, ['who'], 'es')).toEqual([])
  expect(pathText(plain, ['who', 'welcome-back'], 'es')).toEqual(['Who', 'Welcome back'])
  expect(pathText(undefined, ['who'], 'es')).toEqual(['Who'])
})

test('a line without a name is called by its key', () => {
  expect(lineText(main, 'main-menu', 'es')).toBe('Menú principal')
  expect(lineText(plain, 'night-line', 'es')).toBe('Night line')
  expect(lineText(undefined, 'gone-line', 'es')).toBe('Gone line')
})
