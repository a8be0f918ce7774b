// Fails the build when what a page loads first has grown past its budget. Sizes as gzip, as the server sends them.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const KIB = 1024
const dist = new URL('../dist/', import.meta.url).pathname
const BUDGETS = [
  { page: 'index.html', js: 230 * KIB, css: 25 * KIB },
  { page: 'call.html', js: 110 * KIB, css: 25 * KIB },
]
/** A lazy chunk may be this big. */
const LAZY_MAX = 90 * KIB

const sizeOf = (file) => gzipSync(readFileSync(join(dist, file))).length
const show = (bytes) => `${(bytes / KIB).toFixed(1)} KiB`
let isOver = false
const hold = (name, size, budget) => {
  if (size > budget) isOver = true
  console.log(`${size > budget ? 'OVER ' : 'ok   '} ${name}: ${show(size)} of ${show(budget)}`)
}

const initial = new Set()
for (const { page, js, css } of BUDGETS) {
  if (!readdirSync(dist).includes(page)) continue
  const html = readFileSync(join(dist, page), 'utf8')
  const files = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1])
  for (const file of files) initial.add(file)
  const sum = (ending) => files.filter((file) => file.endsWith(ending)).reduce((total, file) => total + sizeOf(file), 0)
  hold(`${page} script`, sum('.js'), js)
  hold(`${page} style`, sum('.css'), css)
}
for (const name of readdirSync(join(dist, 'assets'))) {
  const file = `assets/${name}`
  if (name.endsWith('.js') && !initial.has(file) && sizeOf(file) > LAZY_MAX) hold(file, sizeOf(file), LAZY_MAX)
}
if (isOver) {
  console.error('A budget is exceeded: load the part lazily, or raise the budget in scripts/size-budget.mjs and say why.')
  process.exit(1)
}
