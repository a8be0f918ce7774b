// The strongest pitch in a piece of sound, and how much of the sound it is.

export interface Pitch {
  hertz: number
  /** Part of the energy that lies at this pitch, 0 to 1. */
  share: number
  /** Root mean square, 1 is full scale. */
  level: number
}

const LOWEST = 200
const HIGHEST = 3_400
const COARSE = 8

/** By Goertzel: coarse steps first, then one hertz, then a tenth around the strongest. */
export function pitchOf(samples: Float32Array, rate: number): Pitch {
  let energy = 0
  for (const sample of samples) energy += sample * sample
  if (energy === 0) return { hertz: 0, share: 0, level: 0 }
  const strongest = (from: number, to: number, step: number, part: Float32Array) => {
    let best = { hertz: 0, power: -1 }
    for (let hertz = from; hertz <= to; hertz += step) {
      const power = powerAt(hertz, part, rate)
      if (power > best.power) best = { hertz, power }
    }
    return best.hertz
  }
  // An eighth of a second is as sharp as the coarse steps.
  const coarse = strongest(LOWEST, HIGHEST, COARSE, samples.subarray(0, Math.round(rate / COARSE)))
  const fine = strongest(coarse - COARSE, coarse + COARSE, 1, samples)
  const hertz = strongest(fine - 1, fine + 1, 0.1, samples)
  return { hertz, share: (2 * powerAt(hertz, samples, rate)) / (energy * samples.length), level: Math.sqrt(energy / samples.length) }
}

/** How much of the sound lies at each of these pitches, 0 to 1; a tone that is not there has less than a hundredth. */
export function sharesOf(samples: Float32Array, rate: number, pitches: readonly number[]): number[] {
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0)
  return pitches.map((hertz) => (energy === 0 ? 0 : (2 * powerAt(hertz, samples, rate)) / (energy * samples.length)))
}

function powerAt(hertz: number, samples: Float32Array, rate: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hertz) / rate)
  let before = 0
  let last = 0
  for (const sample of samples) [before, last] = [last, sample + factor * last - before]
  return before * before + last * last - factor * before * last
}
