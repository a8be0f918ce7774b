import { expect, test } from 'vitest'
import { dialable, matching } from './match'

const entries = [{ title: 'Clientes' }, { title: 'Nuevo cliente' }, { title: 'Ajustes: Teléfonos', words: 'sip' }, { title: 'Facturación' }]
const titles = (text: string) => matching(entries, text).map((entry) => entry.title)

test('the beginning of a word finds it, without accents and case', () => {
  expect(titles('telef')).toEqual(['Ajustes: Teléfonos'])
  expect(titles('FACTURACION')).toEqual(['Facturación'])
  expect(titles('sip')).toEqual(['Ajustes: Teléfonos'])
})

test('every word that is typed must begin one', () => {
  expect(titles('aj tel')).toEqual(['Ajustes: Teléfonos'])
  expect(titles('cliente nuevo')).toEqual(['Nuevo cliente'])
  expect(titles('lientes')).toEqual([])
})

test('what begins with the text comes first, nothing typed leaves all as it is', () => {
  expect(titles('cliente')).toEqual(['Clientes', 'Nuevo cliente'])
  expect(titles('  ')).toHaveLength(entries.length)
})

test('a number is dialled as it is meant, a word is none', () => {
  expect(dialable('+34 911 000 001')).toBe('+34911000001')
  expect(dialable('1042')).toBe('1042')
  expect(dialable('12')).toBeUndefined()
  expect(dialable('Ana 911')).toBeUndefined()
})
