// The server's clock as this page knows it, and the one ticker behind every timer on screen.

/** How many answers to pings are remembered for the estimate. */
const SAMPLES_MAX = 8

interface Sample {
  roundTripMs: number
  offsetMs: number
}

/** Estimates the server's clock: of the last samples the one with the shortest round trip is the most exact. */
export class ServerClock {
  private samples: Sample[] = []

  constructor(private readonly localNow: () => number = Date.now) {}

  /** A message stamped `serverTime` arrived; it was asked for at `askedAt` (local). */
  learn(serverTime: string, askedAt?: number): void {
    const server = Date.parse(serverTime)
    if (Number.isNaN(server)) return
    const local = this.localNow()
    const roundTripMs = askedAt === undefined ? 2_000 : Math.max(0, local - askedAt)
    this.samples.push({ roundTripMs, offsetMs: server + (askedAt === undefined ? 0 : roundTripMs / 2) - local })
    if (this.samples.length > SAMPLES_MAX) this.samples.shift()
  }

  /** A new session: what the old one knew may no longer hold (another node, a corrected clock). */
  forget(): void {
    this.samples = []
  }

  /** Milliseconds since 1970 on the server. */
  now(): number {
    let best: Sample | undefined
    for (const sample of this.samples) if (!best || sample.roundTripMs < best.roundTripMs) best = sample
    return this.localNow() + (best?.offsetMs ?? 0)
  }
}

export const serverClock = new ServerClock()

type Listener = () => void
const listeners = new Set<Listener>()
let timer: ReturnType<typeof setTimeout> | undefined
let tick = 0

/** Calls `listener` once a second, just after the server's second turns, for as long as somebody listens. */
export function onTick(listener: Listener): () => void {
  listeners.add(listener)
  if (timer === undefined) schedule()
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0 && timer !== undefined) {
      clearTimeout(timer)
      timer = undefined
    }
  }
}

/** Grows with every tick, so that a view can subscribe to it. */
export function tickCount(): number {
  return tick
}

function schedule(): void {
  timer = setTimeout(
    () => {
      tick += 1
      for (const listener of listeners) listener()
      if (listeners.size > 0) schedule()
      else timer = undefined
    },
    1_000 - (serverClock.now() % 1_000) + 5,
  )
}
