// A trunk's other side that takes no call: every INVITE is refused with one status. Small enough to be no SIP stack.
import { createSocket, type Socket } from 'node:dgram'

/** Neither the server's nor a caller's address. */
const ADDRESS = '127.0.0.3'

export class RefusingEnd {
  /** INVITEs that came, by their Call-ID. */
  readonly calls = new Set<string>()

  private constructor(
    private readonly socket: Socket,
    /** `host:port`, for a trunk. */
    readonly peer: string,
    public status: string,
  ) {
    socket.on('message', (bytes, from) => {
      const request = bytes.toString()
      const [method] = request.split(' ', 1)
      if (method === 'ACK') return
      const lines = request.split('\r\n')
      const header = (name: string) => lines.filter((line) => line.toLowerCase().startsWith(`${name}:`))
      if (method === 'INVITE') this.calls.add(header('call-id')[0] ?? '')
      const to = header('to').map((line) => (line.includes('tag=') ? line : `${line};tag=refusing`))
      const answer = [`SIP/2.0 ${method === 'INVITE' ? this.status : '200 OK'}`, ...header('via'), ...header('from'), ...to, ...header('call-id'), ...header('cseq'), 'Content-Length: 0', '', '']
      socket.send(answer.join('\r\n'), from.port, from.address)
    })
  }

  /** `status` as on the wire: `486 Busy Here`. */
  static async open(status: string): Promise<RefusingEnd> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(0, ADDRESS, resolve)
    })
    return new RefusingEnd(socket, `${ADDRESS}:${socket.address().port}`, status)
  }

  leave(): void {
    this.socket.close()
  }
}
