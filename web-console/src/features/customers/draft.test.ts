import { expect, test } from 'vitest'
import { checkDraft, draftOf, emptyDraft, tidyDraft } from './draft'
import { newHref } from './new-href'

const texts = { required: 'required', phone: 'phone', email: 'email' }

test('a new record begins with what was searched for', () => {
  expect(newHref('')).toBe('/customers/new')
  expect(newHref('600 123 456')).toBe('/customers/new?phone=600+123+456')
  expect(newHref('ana@example.com')).toBe('/customers/new?email=ana%40example.com')
  expect(newHref('Ana Ruiz')).toBe('/customers/new?name=Ana+Ruiz')
})

test('lines that nobody wrote in are not sent', () => {
  const draft = emptyDraft({ name: '  Ana ' }, 'es')
  expect(tidyDraft({ ...draft, organisation: ' ', products: [{ name: '', status: 'active', since: '' }] })).toMatchObject({ name: 'Ana', organisation: null, phones: [], emails: [], products: [] })
})

test('a mistake is found at its line', () => {
  const draft = { ...emptyDraft({}, 'es'), phones: [{ number: '600123456', label: '' }, { number: 'call me', label: '' }], emails: [{ address: 'ana@', label: '' }] }
  expect(checkDraft(draft, texts)).toEqual({ name: 'required', 'phones[1].number': 'phone', 'emails[0].address': 'email' })
})

test('a record without numbers has a line to write one in', () => {
  const customer = { id: 'c', version: 1, name: 'Ana', segment: 'gold', language: 'es', phones: [], emails: [], products: [], notes: '', created_at: '', updated_at: '' }
  expect(draftOf(customer).phones).toEqual([{ number: '', label: 'mobile' }])
})
