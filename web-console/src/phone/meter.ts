// How loud the microphone is, 0 to 1, and how good the line is. Read from the connection, which costs nothing extra.

export interface LineQuality {
  /** Percent of packets lost in the last span. */
  lossPercent: number
  jitterMs: number
  roundTripMs: number
  grade: 'good' | 'fair' | 'poor'
}

interface Counters {
  received: number
  lost: number
}

/** Reads the state of a connection, one span after the other. */
export class LineMeter {
  private before: Counters | undefined

  async level(connection: RTCPeerConnection): Promise<number> {
    let level = 0
    for (const entry of (await connection.getStats()).values() as Iterable<Record<string, unknown>>) {
      if (entry.type === 'media-source' && entry.kind === 'audio' && typeof entry.audioLevel === 'number') level = entry.audioLevel
    }
    return level
  }

  /** The span since the last call; `undefined` for the first. */
  async quality(connection: RTCPeerConnection): Promise<LineQuality | undefined> {
    let counters: Counters | undefined
    let jitterMs = 0
    let roundTripMs = 0
    for (const entry of (await connection.getStats()).values() as Iterable<Record<string, unknown>>) {
      if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
        counters = { received: numberIn(entry.packetsReceived), lost: numberIn(entry.packetsLost) }
        jitterMs = numberIn(entry.jitter) * 1000
      } else if (entry.type === 'candidate-pair' && entry.nominated === true) {
        roundTripMs = numberIn(entry.currentRoundTripTime) * 1000
      }
    }
    const before = this.before
    this.before = counters
    return counters && before ? gradeLine(before, counters, jitterMs, roundTripMs) : undefined
  }
}

/** Grades a span of the line. With few packets (hold, silence) a single loss says nothing. */
export function gradeLine(before: Counters, now: Counters, jitterMs: number, roundTripMs: number): LineQuality {
  const lost = Math.max(0, now.lost - before.lost)
  const all = lost + Math.max(0, now.received - before.received)
  const lossPercent = all < 20 ? 0 : (100 * lost) / all
  const grade =
    lossPercent > 8 || jitterMs > 80 || roundTripMs > 600 ? 'poor' : lossPercent > 2 || jitterMs > 40 || roundTripMs > 300 ? 'fair' : 'good'
  return { lossPercent: Math.round(lossPercent), jitterMs: Math.round(jitterMs), roundTripMs: Math.round(roundTripMs), grade }
}

/** A microphone's level before there is a connection, for the check. */
export function watchLevel(stream: MediaStream, onLevel: (level: number) => void): () => void {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  // Longer than the pause between two looks, so that no short sound falls between them.
  analyser.fftSize = 8192
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = window.setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    let sum = 0
    for (const sample of samples) sum += sample * sample
    onLevel(Math.sqrt(sum / samples.length))
  }, 100)
  return () => {
    window.clearInterval(timer)
    void context.close()
  }
}

function numberIn(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
