// Filters live in the address as plain text: `?q=600123456&queue=support`. Empty ones are left out of it.

/** The text of a search parameter; anything else is not there. */
export function textParam(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** One of a fixed set of words. */
export function wordParam<T extends string>(value: unknown, words: readonly T[]): T | undefined {
  return words.find((word) => word === value)
}

/** An object without its empty members, as the router wants them. */
export function withoutEmpty<T extends object>(search: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== '' && value !== null)) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
