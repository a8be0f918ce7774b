// A caller: SIPp for the signalling and a tone peer for the sound.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Centre } from './centre'
import { SCENARIOS, Sipp } from './sipp'
import { TonePeer } from './tone-peer'

/** The number in the scenarios; it is a customer's. */
const SHOWN = '+34911000001'
/** Not the address of the server, as a real caller's never is. */
const ADDRESS = '127.0.0.2'

export interface CallerWishes {
  /** The number that the caller shows. */
  from?: string
  /** Where the call comes from. */
  address?: string
  /** Of the caller's tone. */
  hertz?: number
  /** The caller hangs up after this time; without it the server does. */
  hangsUpAfterMs?: number
  /** Another scenario of tests/sipp than the usual one. */
  scenario?: string
  /** What it wants to know besides. */
  keys?: Record<string, string>
}

export class Caller extends Sipp {
  static override async call(centre: Centre, number: string, wishes: CallerWishes = {}): Promise<Caller> {
    const address = wishes.address ?? ADDRESS
    const phone = await TonePeer.open(address, wishes.hertz ?? 700)
    const folder = mkdtempSync(join(tmpdir(), 'centralita-caller-'))
    const scenario = join(folder, 'scenario.xml')
    const template = readFileSync(join(SCENARIOS, `${wishes.scenario ?? (wishes.hangsUpAfterMs === undefined ? 'uac_server_bye' : 'uac_caller_bye')}.xml`), 'utf8')
    writeFileSync(scenario, template.replaceAll(SHOWN, wishes.from ?? SHOWN))
    return new Caller(folder, phone, [
      ...[`${centre.sip.host}:${centre.sip.port}`, '-sf', scenario, '-s', number, '-m', '1', '-i', address],
      ...['-key', 'mport', String(phone.port), '-d', String(wishes.hangsUpAfterMs ?? 0), '-timeout', '120'],
      ...Object.entries(wishes.keys ?? {}).flatMap(([name, value]) => ['-key', name, value]),
    ])
  }
}
