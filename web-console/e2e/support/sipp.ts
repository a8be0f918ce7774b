// One run of SIPp, an independent SIP stack, in a folder of its own, with a tone peer for the sound.
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TonePeer } from './tone-peer'

/** Where the scenarios lie. */
export const SCENARIOS = new URL('../../../tests/sipp/', import.meta.url).pathname

export class Sipp {
  private readonly process: ChildProcess
  private readonly ended: Promise<number | null>

  protected constructor(
    private readonly folder: string,
    readonly phone: TonePeer,
    options: string[],
  ) {
    const all = [...options, '-nostdin', '-timeout_error', '-trace_err', '-error_file', 'errors.log']
    this.process = spawn('sipp', all, { cwd: folder, stdio: 'ignore' })
    this.ended = new Promise((resolve, reject) => {
      this.process.once('exit', resolve)
      this.process.once('error', (error) => reject(new Error(`SIPp does not start (apt-get install sip-tester): ${error.message}`)))
    })
  }

  /** Waits for the end; the call must have gone by the scenario. */
  async succeeds(): Promise<void> {
    const code = await this.ended
    const errors = this.log('errors.log')
    this.leave()
    if (code !== 0) throw new Error(`SIPp ended with ${code}: ${errors}`)
  }

  /** The line goes dead, without a goodbye. */
  leave(): void {
    if (this.process.exitCode === null) this.process.kill('SIGKILL')
    try {
      this.phone.close()
    } catch {
      // Closed already.
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** What was written, or nothing: without errors there is no file. */
  protected log(name: string): string {
    try {
      return readFileSync(join(this.folder, name), 'utf8')
    } catch {
      return ''
    }
  }
}
