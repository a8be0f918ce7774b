// A server of names that knows one service: where the servers of a carrier are (RFC 2782).
import { createSocket } from 'node:dgram'

const SRV = 33

export interface Server {
  priority: number
  port: number
  /** A name whose address the file of hosts or the text itself says. */
  address: string
}

/** Answers `_sip._udp.<domain>` with these servers, each under a name of its own. Says where it listens. */
export async function nameServer(domain: string, servers: Server[]): Promise<{ address: string; close: () => void }> {
  const socket = createSocket('udp4')
  const labels = (name: string) => Buffer.concat([...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])), Buffer.from([0])])
  const host = (index: number) => `server${index}.${domain}`
  socket.on('message', (question, from) => {
    const nameEnd = question.indexOf(0, 12) + 1
    const name = question.subarray(12, nameEnd)
    const kind = question.readUInt16BE(nameEnd)
    const values: Buffer[] = []
    if (kind === SRV && name.equals(labels(`_sip._udp.${domain}`))) {
      servers.forEach(({ priority, port }, index) => {
        const numbers = Buffer.alloc(6)
        numbers.writeUInt16BE(priority, 0)
        numbers.writeUInt16BE(port, 4)
        values.push(Buffer.concat([numbers, labels(host(index))]))
      })
    }
    if (kind === 1) servers.forEach(({ address }, index) => name.equals(labels(host(index))) && values.push(Buffer.from(address.split('.').map(Number))))
    const head = Buffer.from(question.subarray(0, nameEnd + 4))
    head.writeUInt16BE(values.length > 0 ? 0x8180 : 0x8183, 2)
    head.writeUInt16BE(values.length, 6)
    head.writeUInt16BE(0, 10)
    const records = values.map((value) => {
      const record = Buffer.from([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 30, 0, value.length])
      return Buffer.concat([record, value])
    })
    socket.send(Buffer.concat([head, ...records]), from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return { address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() }
}
