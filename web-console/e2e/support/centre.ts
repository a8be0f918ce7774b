// The real server as a sample centre of its own: in a folder of its own, on free ports; killed and started again where a story
// asks for it.
import { test } from '@playwright/test'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const binary = process.env.CENTRALITA_BIN ?? new URL('../../../target/debug/centralita', import.meta.url).pathname
const READY_MS = 60_000
/** Below every range that the system gives to anybody; away from the ports of the other test runners. */
const RTP_FIRST = 24_000
const RTP_PORTS = 100

interface Accounts {
  users: { user: string; password: string; name: string }[]
}

/** The variables of the tests are none of the server's, which takes every name of this beginning for a setting. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CENTRALITA_')))

let started = 0

export class Centre {
  readonly data = mkdtempSync(join(tmpdir(), 'centralita-e2e-'))
  private readonly settings: string[]
  private process: ChildProcess | undefined
  http = ''
  /** Empty unless the story's settings ask for it. */
  https = ''
  sip = { host: '', port: 0 }

  constructor(further: string[] = []) {
    const first = RTP_FIRST + (started++ % 10) * RTP_PORTS
    this.settings = [
      'http.listen=127.0.0.1:0',
      'http.https_listen=',
      'sip.listen=127.0.0.1:0',
      'sip.advertised=127.0.0.1',
      'media.bind=127.0.0.1',
      'media.advertised=127.0.0.1',
      `media.ports=${first}-${first + RTP_PORTS - 1}`,
      'media.browser_port=0',
      // So that calls go from thread to thread all the time.
      'media.threads=3',
      'media.fill_percent=0',
      'metrics.listen=',
      'log.level=warn',
      'shutdown.drain=1s',
      ...further,
    ]
  }

  /** Starts, or starts again on the same data and in the same places. */
  async start(): Promise<void> {
    const child = spawn(binary, ['demo', '--data', this.data, ...this.settings.flatMap((setting) => ['--set', setting])], { stdio: ['ignore', 'pipe', 'pipe'], env: environment })
    this.process = child
    const ready = await new Promise<string>((resolve, reject) => {
      const said: string[] = []
      createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
        if (line.includes('WARN') || line.includes('ERROR')) console.log(line)
        else said.push(line)
      })
      const timer = setTimeout(() => reject(new Error(`the server is not ready after ${READY_MS} ms: ${said.join('\n')}`)), READY_MS)
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        said.push(line)
        if (!line.startsWith('ready ')) return
        clearTimeout(timer)
        resolve(line)
      })
      child.once('exit', (code) => {
        clearTimeout(timer)
        reject(new Error(`the server ended with ${code}: ${said.join('\n')}`))
      })
    })
    const word = (name: string) => {
      const found = ready.split(' ').find((one) => one.startsWith(`${name}=`))
      if (found === undefined) throw new Error(`no ${name} in ${ready}`)
      return found.slice(name.length + 1)
    }
    const [host, port] = word('sip').split(':') as [string, string]
    if (this.http === '') this.settings.push(`http.listen=${word('http').replace('http://', '')}`, `sip.listen=${word('sip')}`)
    this.http = word('http')
    this.https = ready.includes(' https=') ? word('https') : ''
    this.sip = { host, port: Number(port) }
  }

  /** Takes the process away without a word. */
  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  async stop(): Promise<void> {
    const patience = setTimeout(() => this.process?.kill("SIGKILL"), 15_000)
    await this.end("SIGTERM")
    clearTimeout(patience)
    rmSync(this.data, { recursive: true, force: true })
  }

  password(user: string): string {
    const accounts = JSON.parse(readFileSync(join(this.data, 'sample-accounts.json'), 'utf8')) as Accounts
    const found = accounts.users.find((one) => one.user === user)
    if (!found) throw new Error(`no sample user ${user}`)
    return found.password
  }

  /** Someone at the REST interface, signed in. */
  async rest(user: string): Promise<Rest> {
    const response = await fetch(`${this.http}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.http },
      body: JSON.stringify({ user, password: this.password(user) }),
    })
    if (!response.ok) throw new Error(`${user} cannot sign in: ${response.status} ${await response.text()}`)
    const cookie = response.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ')
    return new Rest(this.http, cookie)
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
}

export class Rest {
  constructor(
    private readonly base: string,
    private readonly cookie: string,
  ) {}

  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.base}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', origin: this.base, cookie: this.cookie },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  async items<T>(path: string): Promise<T[]> {
    return (await this.ask<{ items: T[] }>('GET', path)).items
  }
}

/** A centre for all stories of a file. */
export function useCentre(further: string[] = []): Centre {
  const centre = new Centre(further)
  test.beforeAll(async () => centre.start())
  test.afterAll(async () => centre.stop())
  return centre
}
