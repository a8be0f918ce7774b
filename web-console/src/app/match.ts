// How the palette finds things by a few letters. Pure.

export interface Findable {
  title: string
  /** Further words that it is found by. */
  words?: string
}

/** Without accents and case, as people type in a hurry. */
function plain(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{Diacritic}/gu, '').toLowerCase()
}

/** Those in which every word of `text` begins some word, in their order; those whose title begins with `text` first. */
export function matching<T extends Findable>(entries: readonly T[], text: string): T[] {
  const wanted = plain(text).split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return [...entries]
  const found = entries.filter((entry) => {
    const words = plain(`${entry.title} ${entry.words ?? ''}`).split(/[\s:·,/]+/)
    return wanted.every((part) => words.some((word) => word.startsWith(part)))
  })
  const begins = (entry: T) => Number(plain(entry.title).startsWith(wanted.join(' ')))
  return found.toSorted((a, b) => begins(b) - begins(a))
}

/** The number in a text that is one, as it would be dialled. */
export function dialable(text: string): string | undefined {
  const digits = text.replaceAll(/[\s()./-]/g, '')
  return /^\+?\d{3,15}$/.test(digits) ? digits : undefined
}
