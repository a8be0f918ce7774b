// JsSIP, a SIP library that is not ours, as one script for a page.
import { build, type Rollup } from 'vite'

const ENTRY = new URL('../../node_modules/jssip/lib/JsSIP.js', import.meta.url).pathname

let script: Promise<string> | undefined

/** A script that sets `JsSIP` on the window; it is made once. */
export function jssip(): Promise<string> {
  script ??= bundle()
  return script
}

async function bundle(): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env': '{}' },
    build: { write: false, lib: { entry: ENTRY, name: 'JsSIP', formats: ['iife'] } },
  })) as Rollup.RollupOutput[]
  const code = built[0]?.output[0].code
  if (code === undefined) throw new Error('JsSIP could not be bundled')
  return `${code}\nwindow.JsSIP = JsSIP.default ?? JsSIP;`
}
