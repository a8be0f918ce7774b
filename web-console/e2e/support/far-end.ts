// Somebody whom our agents call: SIPp for the signalling and a tone peer for the sound, in the place that a trunk leads to.
import { createSocket } from 'node:dgram'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Centre } from './centre'
import { SCENARIOS, Sipp } from './sipp'
import { TonePeer } from './tone-peer'

/** Neither the server's nor a caller's address. */
const ADDRESS = '127.0.0.3'

export interface FarEndWishes {
  /** Of the tone that is sung after the answer. */
  hertz: number
  ringsMs: number
}

export class FarEnd extends Sipp {
  private constructor(
    folder: string,
    phone: TonePeer,
    options: string[],
    /** `host:port`, for a trunk. */
    readonly peer: string,
  ) {
    super(folder, phone, options)
  }

  static async open(wishes: FarEndWishes): Promise<FarEnd> {
    const phone = await TonePeer.open(ADDRESS, wishes.hertz)
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'centralita-far-end-'))
    const options = [
      ...['-sf', join(SCENARIOS, 'uas_far_end.xml'), '-m', '1', '-i', ADDRESS, '-p', String(port), '-key', 'mport', String(phone.port)],
      ...['-d', String(wishes.ringsMs), '-timeout', '60', '-trace_msg', '-message_file', 'messages.log'],
    ]
    return new FarEnd(folder, phone, options, `${ADDRESS}:${port}`)
  }

  /** The first line and the headers of the call that came. */
  invitation(): string {
    const messages = this.log('messages.log')
    return messages.slice(messages.indexOf('INVITE ')).split(/\r?\n\r?\n/, 1)[0] ?? ''
  }
}

/** The sample trunk's calls go out to this place. */
export async function leadTrunkTo(centre: Centre, peer: string): Promise<void> {
  const admin = await centre.rest('admin')
  const trunk = await admin.ask<Record<string, unknown>>('GET', '/trunks/local')
  await admin.ask('PUT', '/trunks/local', { ...trunk, peer, transport: 'udp' })
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
