// usage: npm run codegen -- openapi.json
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'

const openapi = process.argv[2]
if (openapi === undefined) {
  console.error('usage: npm run codegen -- openapi.json   (made by: centralita openapi > openapi.json)')
  process.exit(2)
}
const root = new URL('..', import.meta.url).pathname
execFileSync('npm', ['--prefix', 'tools/codegen', 'run', '--silent', 'generate', '--', resolve(openapi), '-o', `${root}src/api/schema.d.ts`], {
  cwd: root,
  stdio: 'inherit',
})
