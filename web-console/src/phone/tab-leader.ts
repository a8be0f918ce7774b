// Several tabs of one agent: one of them owns the microphone and rings, the others look on.

export type Leadership = 'waiting' | 'leader'

export interface LockWorld {
  request(name: string, options: { steal?: boolean; signal?: AbortSignal }, held: () => Promise<void>): Promise<unknown>
}

/** Holds the lock for as long as the page lives; the next tab gets it when this one closes. */
export class TabLeader {
  private release: (() => void) | undefined
  private abort: AbortController | undefined

  constructor(
    private readonly locks: LockWorld | undefined,
    private readonly name: string,
    private readonly onChange: (leadership: Leadership) => void,
  ) {}

  start(): void {
    this.ask({})
  }

  /** "Use it here": takes the lock from whoever has it. */
  steal(): void {
    this.abort?.abort()
    this.ask({ steal: true })
  }

  stop(): void {
    this.abort?.abort()
    this.release?.()
    this.release = this.abort = undefined
  }

  private ask(options: { steal?: boolean }): void {
    // A browser without locks has one leader per tab; the server then keeps the newest.
    if (!this.locks) {
      this.onChange('leader')
      return
    }
    const abort = new AbortController()
    this.abort = abort
    this.locks
      .request(this.name, options.steal ? { steal: true } : { signal: abort.signal }, () => {
        if (abort.signal.aborted) return Promise.resolve()
        this.onChange('leader')
        return new Promise<void>((resolve) => {
          this.release = resolve
        })
      })
      .catch(() => {
        // Taken by another tab, or given up by `stop`.
        if (abort.signal.aborted) return
        this.release = undefined
        this.onChange('waiting')
        this.ask({})
      })
  }
}
