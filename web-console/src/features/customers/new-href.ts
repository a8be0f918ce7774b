/** A new record begins with what was searched for: a number as its number, a mail as its mail, else the name. */
export function newHref(text: string): string {
  if (text === '') return '/customers/new'
  const field = /^[+\d][\d\s.()-]{5,}$/.test(text) ? 'phone' : text.includes('@') ? 'email' : 'name'
  return `/customers/new?${new URLSearchParams({ [field]: text }).toString()}`
}
