// A telephone on a desk: SIPp registers as an account and waits there for calls.
import { createSocket } from 'node:dgram'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Centre } from './centre'
import { SCENARIOS, Sipp } from './sipp'
import { TonePeer } from './tone-peer'

const ADDRESS = '127.0.0.3'

/** A port of the desk's address that nobody has. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, ADDRESS, resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}

export class DeskPhone extends Sipp {
  /** Registers, and then does by the scenario what a call asks of it. */
  static async register(centre: Centre, account: { account: string; password: string }, scenario: string): Promise<DeskPhone> {
    const port = await freePort()
    const credentials = ['-s', account.account, '-au', account.account, '-ap', account.password]
    const registering = await DeskPhone.run(centre, 'uac_register.xml', port, credentials)
    await registering.succeeds()
    return DeskPhone.run(centre, scenario, port, [])
  }

  private static async run(centre: Centre, scenario: string, port: number, more: string[]): Promise<DeskPhone> {
    const phone = await TonePeer.open(ADDRESS, 500)
    const folder = mkdtempSync(join(tmpdir(), 'centralita-desk-phone-'))
    return new DeskPhone(folder, phone, [
      ...[`${centre.sip.host}:${centre.sip.port}`, '-sf', join(SCENARIOS, scenario), '-m', '1', '-i', ADDRESS, '-p', String(port)],
      ...['-key', 'mport', String(phone.port), '-timeout', '60', ...more],
    ])
  }
}
