// A caller's telephone: one UDP socket that sings a tone in PCMU to the place that it first hears from, presses keys by
// RFC 4733, and measures what it hears. It can say something first, as an answering machine does.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { pitchOf, sharesOf, type Pitch } from './pitch'

const RATE = 8_000
const FRAME = 160
const FRAME_MS = 20
const AMPLITUDE = 8_000
/** Payload type of keys, as in the scenarios of tests/sipp. */
const KEYS = 101
/** A key lasts so many frames, and its end is told three times (RFC 4733 2.5.1.4). */
const KEY_FRAMES = 8
const KEY_ENDS = 3
const PAUSE_FRAMES = 5
const HEARD_SECONDS_MAX = 20

type Frame = { is: 'tone' } | { is: 'sound'; samples: Int16Array } | { is: 'key'; event: number; duration: number; isEnd: boolean; isFirst: boolean } | { is: 'pause' }

export class TonePeer {
  private server: RemoteInfo | undefined
  private sequence = 1
  private timestamp = 0
  private keyTimestamp = 0
  private phase = 0
  private frames: Frame[] = []
  private timer: NodeJS.Timeout | undefined
  private next = 0
  private heard: Int16Array[] = []
  packets = 0

  private constructor(
    private readonly socket: Socket,
    readonly hertz: number,
  ) {
    socket.on('message', (datagram, source) => this.hear(datagram, source))
  }

  static async open(address: string, hertz: number): Promise<TonePeer> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(0, address, resolve)
    })
    return new TonePeer(socket, hertz)
  }

  get port(): number {
    return this.socket.address().port
  }

  press(digits: string): void {
    for (const digit of digits) {
      const event = '0123456789*#'.indexOf(digit)
      if (event < 0) throw new Error(`no key ${digit}`)
      for (let i = 1; i <= KEY_FRAMES; i++) this.frames.push({ is: 'key', event, duration: i * FRAME, isEnd: false, isFirst: i === 1 })
      for (let i = 0; i < KEY_ENDS; i++) this.frames.push({ is: 'key', event, duration: KEY_FRAMES * FRAME, isEnd: true, isFirst: false })
      for (let i = 0; i < PAUSE_FRAMES; i++) this.frames.push({ is: 'pause' })
    }
  }

  /** Says this before anything else: linear samples, 8 kHz. */
  say(samples: Int16Array): void {
    for (let at = 0; at + FRAME <= samples.length; at += FRAME) this.frames.push({ is: 'sound', samples: samples.subarray(at, at + FRAME) })
  }

  /** Says nothing for a while. */
  hush(seconds: number): void {
    this.say(new Int16Array(seconds * RATE))
  }

  /** Sings another pitch for a moment. */
  beep(hertz: number, seconds: number): void {
    this.say(Int16Array.from({ length: seconds * RATE }, (_, i) => Math.round(AMPLITUDE * Math.sin((2 * Math.PI * hertz * i) / RATE))))
  }

  /** The strongest pitch of the next second. */
  async listen(seconds = 1): Promise<Pitch> {
    return pitchOf(await this.sound(seconds), RATE)
  }

  /** How much of the next second lies at each of these pitches. */
  async shares(pitches: readonly number[]): Promise<number[]> {
    return sharesOf(await this.sound(1), RATE, pitches)
  }

  private async sound(seconds: number): Promise<Float32Array> {
    this.heard = []
    const wanted = seconds * RATE
    const deadline = performance.now() + seconds * 1_000 + 5_000
    while (this.heardCount() < wanted && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
    const samples = new Float32Array(this.heardCount())
    let at = 0
    for (const chunk of this.heard) for (const sample of chunk) samples[at++] = sample / 32_768
    return samples
  }

  close(): void {
    clearInterval(this.timer)
    this.socket.close()
  }

  private heardCount(): number {
    return this.heard.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  private hear(datagram: Buffer, source: RemoteInfo): void {
    if (datagram.length < 12) return
    const type = datagram.readUInt8(1) & 0x7f
    // RTCP shares no port with us, but its types would read as 72 to 76 here.
    if (type >= 72 && type <= 76) return
    this.packets += 1
    if (!this.server) {
      this.server = source
      this.next = performance.now()
      this.timer = setInterval(() => this.tick(), FRAME_MS / 2)
    }
    if (type !== 0) return
    const head = 12 + (datagram.readUInt8(0) & 0x0f) * 4
    this.heard.push(Int16Array.from(datagram.subarray(head), fromMuLaw))
    while (this.heardCount() > HEARD_SECONDS_MAX * RATE) this.heard.shift()
  }

  /** Sends what is due; a late turn catches up. */
  private tick(): void {
    while (this.next <= performance.now()) {
      this.next += FRAME_MS
      this.send(this.frames.shift() ?? { is: 'tone' })
      this.timestamp = (this.timestamp + FRAME) >>> 0
    }
  }

  private send(frame: Frame): void {
    switch (frame.is) {
      case 'pause':
        return
      case 'key': {
        if (frame.isFirst) this.keyTimestamp = this.timestamp
        const payload = Buffer.from([frame.event, (frame.isEnd ? 0x80 : 0) | 10, frame.duration >> 8, frame.duration & 0xff])
        this.packet(KEYS, frame.isFirst, this.keyTimestamp, payload)
        return
      }
      case 'sound':
        this.packet(0, false, this.timestamp, Buffer.from(Array.from(frame.samples, toMuLaw)))
        return
      case 'tone': {
        const payload = Buffer.alloc(FRAME)
        for (let i = 0; i < FRAME; i++) {
          payload[i] = toMuLaw(Math.round(AMPLITUDE * Math.sin(this.phase)))
          this.phase += (2 * Math.PI * this.hertz) / RATE
        }
        this.packet(0, false, this.timestamp, payload)
        return
      }
      default:
        frame satisfies never
    }
  }

  private packet(type: number, hasMarker: boolean, timestamp: number, payload: Buffer): void {
    if (!this.server) return
    const head = Buffer.alloc(12)
    head.writeUInt8(0x80, 0)
    head.writeUInt8((hasMarker ? 0x80 : 0) | type, 1)
    head.writeUInt16BE(this.sequence & 0xffff, 2)
    head.writeUInt32BE(timestamp, 4)
    head.writeUInt32BE(0x50_4b_1c, 8)
    this.sequence += 1
    this.socket.send(Buffer.concat([head, payload]), this.server.port, this.server.address)
  }
}

/** ITU-T G.711, mu-law. */
function toMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132
  const exponent = Math.floor(Math.log2(magnitude)) - 7
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f
  return ~(sign | (exponent << 4) | mantissa) & 0xff
}

function fromMuLaw(byte: number): number {
  const bits = ~byte & 0xff
  const magnitude = ((((bits & 0x0f) << 3) + 132) << ((bits & 0x70) >> 4)) - 132
  return bits & 0x80 ? -magnitude : magnitude
}
