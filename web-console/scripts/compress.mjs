// Puts a .br and a .gz beside every built text file: the server carries them inside and sends what the browser takes.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url).pathname
const TEXT = /\.(js|css|html|svg|json|txt|map)$/
/** Below this a compressed file is no smaller on the wire. */
const BYTES_MIN = 1024

for (const name of readdirSync(dist, { recursive: true })) {
  if (!TEXT.test(name)) continue
  const bytes = readFileSync(join(dist, name))
  if (bytes.length < BYTES_MIN) continue
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }
  writeFileSync(join(dist, `${name}.br`), brotliCompressSync(bytes, brotli))
  writeFileSync(join(dist, `${name}.gz`), gzipSync(bytes, { level: 9 }))
}
