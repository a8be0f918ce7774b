// The sound that the browser takes for its microphone: a pure tone, so that the caller's side can measure what it hears.
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const MICROPHONE_HERTZ = 880
const RATE = 48_000
/** Whole periods, since the file is played in a loop. */
const SECONDS = 2
const AMPLITUDE = 0.4 * 32_767

/** Writes the WAV file (48 kHz, 16 bit, one channel) and says where it is. */
export function microphoneTone(): string {
  const count = RATE * SECONDS
  const wav = Buffer.alloc(44 + count * 2)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(36 + count * 2, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(RATE, 24)
  wav.writeUInt32LE(RATE * 2, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(count * 2, 40)
  for (let i = 0; i < count; i++) wav.writeInt16LE(Math.round(AMPLITUDE * Math.sin((2 * Math.PI * MICROPHONE_HERTZ * i) / RATE)), 44 + i * 2)
  const path = join(tmpdir(), `centralita-microphone-${MICROPHONE_HERTZ}.wav`)
  writeFileSync(path, wav)
  return path
}
