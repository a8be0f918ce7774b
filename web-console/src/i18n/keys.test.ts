import { expect, test } from 'vitest'

const files = import.meta.glob<{ default: Tree }>(['./{en,es}.json', '../**/i18n/{en,es}.json'], { eager: true })
interface Tree {
  [key: string]: string | Tree
}

function leaves(tree: Tree, prefix = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') found.set(prefix + key, value)
    else for (const [inner, text] of leaves(value, `${prefix}${key}.`)) found.set(inner, text)
  }
  return found
}

const placeholders = (text: string): string[] => [...text.matchAll(/\{\{\s*(\w+)/g)].map((match) => match[1] ?? '').toSorted()

const english = Object.keys(files).filter((path) => path.endsWith('/en.json'))

test.each(english)('%s says the same in Spanish', (path) => {
  const en = leaves(files[path]?.default ?? {})
  const es = leaves(files[path.replace(/en\.json$/, 'es.json')]?.default ?? {})
  expect([...es.keys()].toSorted()).toEqual([...en.keys()].toSorted())
  for (const [key, text] of en) {
    const spanish = es.get(key) ?? ''
    expect(placeholders(spanish), key).toEqual(placeholders(text))
    expect(spanish.trim(), key).not.toBe('')
  }
})

test('there are texts to compare', () => {
  expect(english.length).toBeGreaterThan(5)
})
