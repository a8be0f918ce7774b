// A caller: SIPp, an independent SIP stack, for the signalling and a tone peer for the sound.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Centre } from './centre'
import { TonePeer } from './tone-peer'

const scenarios = new URL('../../../tests/sipp/', import.meta.url).pathname
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
}

export class Caller {
  private constructor(
    private readonly sipp: ChildProcess,
    private readonly ended: Promise<number | null>,
    private readonly folder: string,
    readonly phone: TonePeer,
  ) {}

  static async call(centre: Centre, number: string, wishes: CallerWishes = {}): Promise<Caller> {
    const address = wishes.address ?? ADDRESS
    const phone = await TonePeer.open(address, wishes.hertz ?? 700)
    const folder = mkdtempSync(join(tmpdir(), 'centralita-caller-'))
    const scenario = join(folder, 'scenario.xml')
    const template = readFileSync(join(scenarios, wishes.hangsUpAfterMs === undefined ? 'uac_server_bye.xml' : 'uac_caller_bye.xml'), 'utf8')
    writeFileSync(scenario, template.replaceAll(SHOWN, wishes.from ?? SHOWN))
    const sipp = spawn(
      'sipp',
      [
        ...[`${centre.sip.host}:${centre.sip.port}`, '-sf', scenario, '-s', number, '-m', '1', '-i', address],
        ...['-key', 'mport', String(phone.port), '-d', String(wishes.hangsUpAfterMs ?? 0), '-nostdin', '-timeout', '120', '-timeout_error'],
        ...['-trace_err', '-error_file', 'errors.log'],
      ],
      { cwd: folder, stdio: 'ignore' },
    )
    const ended = new Promise<number | null>((resolve, reject) => {
      sipp.once('exit', resolve)
      sipp.once('error', (error) => reject(new Error(`SIPp does not start (apt-get install sip-tester): ${error.message}`)))
    })
    return new Caller(sipp, ended, folder, phone)
  }

  /** Waits for the end; the call must have gone by the scenario. */
  async succeeds(): Promise<void> {
    const code = await this.ended
    let errors = ''
    try {
      errors = readFileSync(join(this.folder, 'errors.log'), 'utf8')
    } catch {
      // No errors, no file.
    }
    this.leave()
    if (code !== 0) throw new Error(`SIPp ended with ${code}: ${errors}`)
  }

  /** The line goes dead, without a goodbye. */
  leave(): void {
    if (this.sipp.exitCode === null) this.sipp.kill('SIGKILL')
    try {
      this.phone.close()
    } catch {
      // Closed already.
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}
