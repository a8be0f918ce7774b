// Everything that can be said about the console without a browser: drift of the generated types, lint, types, unit tests.
// usage: npm run check [-- openapi.json]
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const run = (command, args) => execFileSync(command, args, { cwd: root, stdio: 'inherit' })

const openapi = process.argv[2]
if (openapi !== undefined) {
  const fresh = join(mkdtempSync(join(tmpdir(), 'schema-')), 'schema.d.ts')
  run('npm', ['--prefix', 'tools/codegen', 'run', '--silent', 'generate', '--', openapi, '-o', fresh])
  if (readFileSync(fresh, 'utf8') !== readFileSync(join(root, 'src/api/schema.d.ts'), 'utf8')) {
    console.error(`src/api/schema.d.ts is not what ${openapi} says. Run: npm run codegen -- ${openapi}`)
    process.exit(1)
  }
}
for (const script of ['lint', 'types', 'test']) run('npm', ['run', '--silent', script])
