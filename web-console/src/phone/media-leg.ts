// The one long-lived audio connection between this page and the server. The browser always offers, the server answers: the
// first set-up, an ICE restart, a reload and another microphone are the same offer. It knows nothing of calls.

/** ICE `disconnected` for this long asks for a restart; shorter gaps heal by themselves. */
export const DISCONNECTED_MS = 2_000
/** An offer without connection for this long has failed. */
export const CONNECT_MS_MAX = 10_000
/** Pause before trying again after an attempt that failed. */
export const RETRY_MS = 3_000

export type LegProblem = 'denied' | 'no_microphone' | 'in_use' | 'insecure' | 'refused' | 'failed'

export type LegState =
  | { is: 'off' }
  | { is: 'asking' }
  | { is: 'connecting' }
  | { is: 'up' }
  | { is: 'lost' }
  | { is: 'blocked'; problem: LegProblem; detail?: string }

export interface LegWorld {
  openMicrophone(): Promise<MediaStream>
  createConnection(): RTCPeerConnection
  /** Whether the offer left this page; without a connection it waits for the next `resync`. */
  sendOffer(sdp: string): Promise<boolean>
  sendCandidate(candidate: string): void
  playRemote(stream: MediaStream | null): void
  setTimer(run: () => void, ms: number): number
  clearTimer(id: number): void
}

export class MediaLeg {
  private state: LegState = { is: 'off' }
  private connection: RTCPeerConnection | undefined
  private microphone: MediaStream | undefined
  private isMuted = false
  private isRestarting = false
  private timer: number | undefined
  /** Counts attempts, so that an answer to an older one is not taken for the newest. */
  private attempt = 0
  private awaitsAnswer = false
  private earlyCandidates: string[] = []

  constructor(
    private readonly world: LegWorld,
    private readonly onState: (state: LegState) => void,
  ) {}

  get current(): LegState {
    return this.state
  }

  get peer(): RTCPeerConnection | undefined {
    return this.connection
  }

  /** Opens the microphone and the connection. A second call while it stands does nothing. */
  async start(): Promise<void> {
    if (this.state.is !== 'off' && this.state.is !== 'blocked') return
    this.set({ is: 'asking' })
    const microphone = await this.openMicrophone()
    if (!microphone) return
    await this.reconnect()
  }

  stop(): void {
    this.attempt += 1
    this.clearTimer()
    this.dropConnection()
    for (const track of this.microphone?.getTracks() ?? []) track.stop()
    this.microphone = undefined
    this.world.playRemote(null)
    this.set({ is: 'off' })
  }

  setMuted(isMuted: boolean): void {
    this.isMuted = isMuted
    for (const track of this.microphone?.getAudioTracks() ?? []) track.enabled = !isMuted
  }

  /** Another microphone, without a new connection. */
  async changeMicrophone(): Promise<void> {
    if (!this.connection) return
    const old = this.microphone
    const fresh = await this.openMicrophone()
    if (!fresh) return
    const sender = this.connection.getSenders().find((one) => one.track?.kind === 'audio' || one.track === null)
    await sender?.replaceTrack(fresh.getAudioTracks()[0] ?? null)
    for (const track of old?.getTracks() ?? []) track.stop()
  }

  /** The socket is back. `serverHasLeg` is what the server says; a leg that both sides hold is left alone. */
  async resync(serverHasLeg: boolean): Promise<void> {
    if (this.state.is === 'off' || this.state.is === 'asking' || this.state.is === 'blocked') return
    if (this.state.is === 'up' && serverHasLeg) return
    if (this.state.is === 'up' && !serverHasLeg) await this.reconnect()
    else await this.restart()
  }

  /** The server's answer to the last offer. */
  async takeAnswer(sdp: string | null | undefined, problem: string | null | undefined): Promise<void> {
    if (!this.connection || !this.awaitsAnswer) return
    this.awaitsAnswer = false
    if (sdp === null || sdp === undefined) {
      this.fail(problem ?? undefined)
      return
    }
    try {
      await this.connection.setRemoteDescription({ type: 'answer', sdp })
    } catch (error) {
      this.fail(error instanceof Error ? error.message : undefined)
    }
  }

  private async openMicrophone(): Promise<MediaStream | undefined> {
    try {
      const stream = await this.world.openMicrophone()
      this.microphone = stream
      for (const track of stream.getAudioTracks()) {
        track.enabled = !this.isMuted
        // Unplugged in mid-call: go on with whatever microphone is left.
        track.onended = () => {
          if (this.microphone === stream) void this.changeMicrophone()
        }
      }
      return stream
    } catch (error) {
      this.set({ is: 'blocked', problem: microphoneProblem(error) })
      return undefined
    }
  }

  /** A new connection with the same microphone. */
  private async reconnect(): Promise<void> {
    const microphone = this.microphone
    if (!microphone) return
    this.dropConnection()
    const connection = this.world.createConnection()
    this.connection = connection
    this.isRestarting = false
    for (const track of microphone.getAudioTracks()) connection.addTrack(track, microphone)
    connection.onicecandidate = (event) => {
      if (!event.candidate || event.candidate.candidate === '') return
      if (this.awaitsAnswer || connection.remoteDescription) this.world.sendCandidate(event.candidate.candidate)
      else this.earlyCandidates.push(event.candidate.candidate)
    }
    connection.ontrack = (event) => this.world.playRemote(event.streams[0] ?? new MediaStream([event.track]))
    connection.onconnectionstatechange = () => {
      if (this.connection === connection) this.watch(connection)
    }
    this.set(this.state.is === 'up' || this.state.is === 'lost' ? { is: 'lost' } : { is: 'connecting' })
    await this.offer(connection, false)
  }

  private async restart(): Promise<void> {
    const connection = this.connection
    if (!connection || connection.signalingState === 'closed') {
      await this.reconnect()
      return
    }
    this.isRestarting = true
    // An offer that was never answered stands in the way of the next.
    if (connection.signalingState === 'have-local-offer') {
      await this.reconnect()
      return
    }
    await this.offer(connection, true)
  }

  private async offer(connection: RTCPeerConnection, iceRestart: boolean): Promise<void> {
    this.attempt += 1
    const attempt = this.attempt
    this.earlyCandidates = []
    this.awaitsAnswer = false
    try {
      const offer = await connection.createOffer({ iceRestart })
      await connection.setLocalDescription(offer)
      if (attempt !== this.attempt) return
      this.awaitsAnswer = true
      const isSent = await this.world.sendOffer(connection.localDescription?.sdp ?? offer.sdp ?? '')
      if (attempt !== this.attempt) return
      if (!isSent) {
        // Without the socket there is nothing to do; `resync` comes with it.
        if (this.state.is !== 'up') this.set({ is: 'lost' })
        return
      }
      for (const candidate of this.earlyCandidates.splice(0)) this.world.sendCandidate(candidate)
      this.arm(CONNECT_MS_MAX, () => this.connectionFailed())
    } catch (error) {
      if (attempt === this.attempt) this.fail(error instanceof Error ? error.message : undefined)
    }
  }

  private watch(connection: RTCPeerConnection): void {
    switch (connection.connectionState) {
      case 'connected':
        this.clearTimer()
        this.isRestarting = false
        this.set({ is: 'up' })
        return
      case 'disconnected':
        this.arm(DISCONNECTED_MS, () => {
          this.set({ is: 'lost' })
          void this.restart()
        })
        return
      case 'failed':
        this.connectionFailed()
        return
      case 'new':
      case 'connecting':
      case 'closed':
        return
    }
  }

  /** First a restart of ICE, which keeps keys and codecs; then everything anew. */
  private connectionFailed(): void {
    this.set({ is: 'lost' })
    if (this.isRestarting || this.connection?.remoteDescription === null) this.arm(RETRY_MS, () => void this.reconnect())
    else void this.restart()
  }

  private fail(detail: string | undefined): void {
    this.set(detail === undefined ? { is: 'blocked', problem: 'refused' } : { is: 'blocked', problem: 'refused', detail })
    this.arm(RETRY_MS, () => {
      this.set({ is: 'connecting' })
      void this.reconnect()
    })
  }

  private dropConnection(): void {
    const connection = this.connection
    this.connection = undefined
    this.awaitsAnswer = false
    if (!connection) return
    connection.onicecandidate = connection.ontrack = connection.onconnectionstatechange = null
    connection.close()
  }

  private arm(ms: number, run: () => void): void {
    this.clearTimer()
    this.timer = this.world.setTimer(() => {
      this.timer = undefined
      run()
    }, ms)
  }

  private clearTimer(): void {
    if (this.timer !== undefined) this.world.clearTimer(this.timer)
    this.timer = undefined
  }

  private set(state: LegState): void {
    this.state = state
    this.onState(state)
  }
}

/** The browser's reason as one that can be explained. */
export function microphoneProblem(error: unknown): LegProblem {
  if (!(error instanceof DOMException || error instanceof Error)) return 'failed'
  switch (error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'no_microphone'
    case 'NotReadableError':
    case 'AbortError':
      return 'in_use'
    case 'InsecureContext':
      return 'insecure'
    default:
      return 'failed'
  }
}
