// JsSIP, a SIP library that is not ours, as one script for a page.
import { build, type Rollup } from 'vite'

const ENTRY = new URL('../../node_modules/jssip/lib/JsSIP.js', import.meta.url).pathname

/** A script that sets `JsSIP` on the window. */
export async function jssip(): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env': '{}' },
    build: { write: false, lib: { entry: ENTRY, name: 'JsSIP', formats: ['iife'] } },
  })) as Rollup.RollupOutput[]
  const script = built[0]?.output[0].code
  if (script === undefined) throw new Error('JsSIP could not be bundled')
  return `${script}\nwindow.JsSIP = JsSIP.default ?? JsSIP;`
}
