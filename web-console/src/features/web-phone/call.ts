// One call from the web phone: microphone, connection, socket. No React; the page shows what `state` says.
import { parseWebPhoneMessage, type WebPhoneClientMessage, type WebPhoneServerMessage } from '@/live/protocol'
import { microphoneProblem, type LegProblem } from '@/phone/media-leg'

/** Without an answer to the call for this long it has failed. */
export const ANSWER_MS_MAX = 15_000

export type WebCallState =
  | { is: 'idle' }
  | { is: 'asking' }
  | { is: 'calling' }
  | { is: 'connected'; sinceMs: number }
  | { is: 'ended'; cause: string; lastedMs: number }
  | { is: 'refused'; reason: string }
  | { is: 'no_microphone'; problem: LegProblem }

export interface WebCallWorld {
  openMicrophone(): Promise<MediaStream>
  createConnection(): RTCPeerConnection
  openSocket(): WebSocket
  playRemote(stream: MediaStream | null): void
  now(): number
  setTimer(run: () => void, ms: number): number
  clearTimer(id: number): void
}

export class WebCall {
  private state: WebCallState = { is: 'idle' }
  private microphone: MediaStream | undefined
  private connection: RTCPeerConnection | undefined
  private socket: WebSocket | undefined
  private timer: number | undefined
  /** Candidates found before the call was sent. */
  private early: string[] = []
  private isSent = false
  private isMuted = false

  constructor(
    private readonly world: WebCallWorld,
    private readonly onState: (state: WebCallState) => void,
  ) {}

  async call(number: string, language: string): Promise<void> {
    if (this.isRunning()) return
    this.set({ is: 'asking' })
    try {
      this.microphone = await this.world.openMicrophone()
    } catch (error) {
      this.set({ is: 'no_microphone', problem: microphoneProblem(error) })
      return
    }
    if (this.state.is !== 'asking') {
      this.release()
      return
    }
    this.set({ is: 'calling' })
    try {
      await this.dial(number, language)
    } catch {
      this.end({ is: 'ended', cause: 'fault', lastedMs: 0 })
    }
  }

  digit(digit: string): void {
    if (this.state.is === 'connected') this.write({ t: 'digit', digit })
  }

  setMuted(isMuted: boolean): void {
    this.isMuted = isMuted
    for (const track of this.microphone?.getAudioTracks() ?? []) track.enabled = !isMuted
  }

  hangUp(): void {
    if (!this.isRunning()) return
    this.write({ t: 'hang_up' })
    this.end({ is: 'ended', cause: 'hangup', lastedMs: this.lasted() })
  }

  private async dial(number: string, language: string): Promise<void> {
    const connection = this.world.createConnection()
    this.connection = connection
    this.early = []
    this.isSent = false
    for (const track of this.microphone?.getAudioTracks() ?? []) {
      track.enabled = !this.isMuted
      if (this.microphone) connection.addTrack(track, this.microphone)
    }
    connection.onicecandidate = (event) => {
      const candidate = event.candidate?.candidate
      if (candidate === undefined || candidate === '') return
      if (this.isSent) this.write({ t: 'candidate', candidate })
      else this.early.push(candidate)
    }
    connection.ontrack = (event) => this.world.playRemote(event.streams[0] ?? new MediaStream([event.track]))
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === 'failed') this.end({ is: 'ended', cause: 'lost', lastedMs: this.lasted() })
    }
    const offer = await connection.createOffer()
    await connection.setLocalDescription(offer)
    const socket = this.world.openSocket()
    this.socket = socket
    socket.onopen = () => {
      this.write({ t: 'call', number, sdp: connection.localDescription?.sdp ?? offer.sdp ?? '', language })
      this.isSent = true
      for (const candidate of this.early.splice(0)) this.write({ t: 'candidate', candidate })
    }
    socket.onmessage = (event) => {
      const message = typeof event.data === 'string' ? parseWebPhoneMessage(event.data) : undefined
      if (message) void this.receive(message)
    }
    socket.onclose = () => {
      if (this.socket === socket) this.end({ is: 'ended', cause: 'lost', lastedMs: this.lasted() })
    }
    this.timer = this.world.setTimer(() => this.end({ is: 'ended', cause: 'lost', lastedMs: 0 }), ANSWER_MS_MAX)
  }

  private async receive(message: WebPhoneServerMessage): Promise<void> {
    switch (message.t) {
      case 'answer':
        // It rings; how long is the line's business.
        this.stopTimer()
        try {
          await this.connection?.setRemoteDescription({ type: 'answer', sdp: message.sdp })
        } catch {
          this.end({ is: 'ended', cause: 'fault', lastedMs: 0 })
        }
        return
      case 'connected':
        this.set({ is: 'connected', sinceMs: this.world.now() })
        return
      case 'ended':
        this.end({ is: 'ended', cause: message.cause, lastedMs: this.lasted() })
        return
      case 'refused':
        this.end({ is: 'refused', reason: message.reason })
        return
    }
  }

  private lasted(): number {
    return this.state.is === 'connected' ? this.world.now() - this.state.sinceMs : 0
  }

  private isRunning(): boolean {
    return this.state.is === 'asking' || this.state.is === 'calling' || this.state.is === 'connected'
  }

  private write(message: WebPhoneClientMessage): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  private end(state: WebCallState): void {
    this.release()
    this.set(state)
  }

  private release(): void {
    this.stopTimer()
    const { socket, connection, microphone } = this
    this.socket = this.connection = this.microphone = undefined
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close()
    }
    if (connection) {
      connection.onicecandidate = connection.ontrack = connection.onconnectionstatechange = null
      connection.close()
    }
    for (const track of microphone?.getTracks() ?? []) track.stop()
    this.world.playRemote(null)
  }

  private stopTimer(): void {
    if (this.timer !== undefined) this.world.clearTimer(this.timer)
    this.timer = undefined
  }

  private set(state: WebCallState): void {
    this.state = state
    this.onState(state)
  }
}
