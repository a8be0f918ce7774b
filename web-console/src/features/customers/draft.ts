// A customer's record while it is being written. The server decides what is right; here only what needs no server.
import type { CustomerDraft } from '@/api/records'
import type { Customer } from '@/api/types'
import type { FieldErrors } from '@/lib/use-form'

export function emptyDraft(known: { name?: string; phone?: string; email?: string }, language: string): CustomerDraft {
  return {
    name: known.name ?? '',
    organisation: null,
    document: null,
    segment: 'standard',
    language,
    phones: [{ number: known.phone ?? '', label: 'mobile' }],
    emails: [{ address: known.email ?? '', label: '' }],
    products: [],
    notes: '',
    owner: null,
  }
}

/** The record as a draft, with an empty line to write in where there is none. */
export function draftOf(customer: Customer): CustomerDraft {
  return {
    name: customer.name,
    organisation: customer.organisation ?? null,
    document: customer.document ?? null,
    segment: customer.segment,
    language: customer.language,
    phones: customer.phones.length > 0 ? customer.phones.map((phone) => ({ ...phone })) : [{ number: '', label: 'mobile' }],
    emails: customer.emails.length > 0 ? customer.emails.map((email) => ({ ...email })) : [{ address: '', label: '' }],
    products: customer.products.map((product) => ({ ...product })),
    notes: customer.notes,
    owner: customer.owner ?? null,
  }
}

/** What is sent: without the lines that nobody wrote in. Lines keep their order, so that a mistake can be shown at its line. */
export function tidyDraft(draft: CustomerDraft): CustomerDraft {
  const orNull = (text: string | null) => (text === null || text.trim() === '' ? null : text.trim())
  return {
    ...draft,
    name: draft.name.trim(),
    organisation: orNull(draft.organisation),
    document: orNull(draft.document),
    phones: draft.phones.filter((phone) => phone.number.trim() !== '').map((phone) => ({ number: phone.number.trim(), label: phone.label.trim() })),
    emails: draft.emails.filter((email) => email.address.trim() !== '').map((email) => ({ address: email.address.trim(), label: email.label.trim() })),
    products: draft.products.filter((product) => product.name.trim() !== '').map((product) => ({ ...product, name: product.name.trim(), since: product.since === '' ? null : product.since })),
    notes: draft.notes.trim(),
  }
}

export interface DraftTexts {
  required: string
  phone: string
  email: string
}

/** Digits enough to be a number, whatever stands between them. */
const PHONE = /^\+?[\d\s().\-/]{3,40}$/
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

export function checkDraft(draft: CustomerDraft, texts: DraftTexts): FieldErrors {
  const errors: Record<string, string> = {}
  if (draft.name.trim() === '') errors.name = texts.required
  draft.phones.forEach((phone, i) => {
    if (phone.number.trim() !== '' && !PHONE.test(phone.number.trim())) errors[`phones[${i}].number`] = texts.phone
  })
  draft.emails.forEach((email, i) => {
    if (email.address.trim() !== '' && !EMAIL.test(email.address.trim())) errors[`emails[${i}].address`] = texts.email
  })
  return errors
}
