// Somebody whom our agents call: SIPp for the signalling and a tone peer for the sound, in the place that a trunk leads to.
import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TonePeer } from './tone-peer'

const scenario = new URL('../../../tests/sipp/uas_far_end.xml', import.meta.url).pathname
/** Neither the server's nor a caller's address. */
const ADDRESS = '127.0.0.3'

export interface FarEndWishes {
  /** Of the tone that is sung after the answer. */
  hertz: number
  ringsMs: number
}

export class FarEnd {
  private constructor(
    private readonly sipp: ChildProcess,
    private readonly ended: Promise<number | null>,
    private readonly folder: string,
    readonly phone: TonePeer,
    /** `host:port`, for a trunk. */
    readonly peer: string,
  ) {}

  static async open(wishes: FarEndWishes): Promise<FarEnd> {
    const phone = await TonePeer.open(ADDRESS, wishes.hertz)
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'centralita-far-end-'))
    const sipp = spawn(
      'sipp',
      [
        ...['-sf', scenario, '-m', '1', '-i', ADDRESS, '-p', String(port), '-key', 'mport', String(phone.port), '-d', String(wishes.ringsMs)],
        ...['-nostdin', '-timeout', '60', '-timeout_error', '-trace_msg', '-message_file', 'messages.log', '-trace_err', '-error_file', 'errors.log'],
      ],
      { cwd: folder, stdio: 'ignore' },
    )
    const ended = new Promise<number | null>((resolve, reject) => {
      sipp.once('exit', resolve)
      sipp.once('error', (error) => reject(new Error(`SIPp does not start (apt-get install sip-tester): ${error.message}`)))
    })
    return new FarEnd(sipp, ended, folder, phone, `${ADDRESS}:${port}`)
  }

  /** The first line and the headers of the call that came. */
  invitation(): string {
    const messages = this.log('messages.log')
    return messages.slice(messages.indexOf('INVITE ')).split(/\r?\n\r?\n/, 1)[0] ?? ''
  }

  /** Waits until we have hung up; the call must have gone by the scenario. */
  async succeeds(): Promise<void> {
    const code = await this.ended
    const errors = this.log('errors.log')
    this.leave()
    if (code !== 0) throw new Error(`SIPp ended with ${code}: ${errors}`)
  }

  leave(): void {
    if (this.sipp.exitCode === null) this.sipp.kill('SIGKILL')
    try {
      this.phone.close()
    } catch {
      // Closed already.
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  private log(name: string): string {
    try {
      return readFileSync(join(this.folder, name), 'utf8')
    } catch {
      // SIPp makes the file with its first line.
      return ''
    }
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(0, ADDRESS, resolve)
  })
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}
