/**
 * Puts small SFTP requests together. The library seals and sends each as an SSH packet of its own, which costs more than
 * the request: a small file takes six. SFTP is a stream, so what is sent within one turn of the event loop may share a
 * packet. The channel's window is counted before this, and the order stays.
 */
import type { Writable } from 'node:stream'
import type { Client, SFTPWrapper } from 'ssh2'

/** What the library uses inside; without it everything works as before, only slower. */
const protocolField = '_protocol'
interface Inside {
  [protocolField]?: { channelData?: unknown }
  readonly outgoing?: { readonly packetSize?: number }
}

type SendData = (channel: number, data: Buffer) => void

const socketField = '_sock'

export function coalesceRequests(sftp: SFTPWrapper, client: Client): void {
  const inside = sftp as unknown as Inside
  const protocol = inside[protocolField]
  const packetBytes = inside.outgoing?.packetSize
  if (typeof protocol?.channelData !== 'function' || packetBytes === undefined) return
  const sendNow = protocol.channelData.bind(protocol) as SendData
  const socket = (client as { [socketField]?: Partial<Writable> })[socketField]
  let isCorked = false
  // The library gives the socket each packet in three or four pieces, each of which would be a system call.
  const send: SendData = (channel, data) => {
    if (!isCorked && socket?.cork && socket.uncork) {
      isCorked = true
      socket.cork()
      process.nextTick(() => {
        isCorked = false
        socket.uncork?.()
      })
    }
    sendNow(channel, data)
  }
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let isPlanned = false

  const flush = (channel: number): void => {
    if (waiting.length === 0) return
    const [first] = waiting
    const data = waiting.length === 1 && first ? first : Buffer.concat(waiting, waitingBytes)
    waiting = []
    waitingBytes = 0
    send(channel, data)
  }
  const channelData: SendData = (channel, data) => {
    if (waitingBytes + data.length > packetBytes) flush(channel)
    if (data.length >= packetBytes) return send(channel, data)
    waiting.push(data)
    waitingBytes += data.length
    if (isPlanned) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      flush(channel)
    })
  }
  inside[protocolField] = new Proxy(protocol, {
    get(target, key) {
      if (key === 'channelData') return channelData
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
