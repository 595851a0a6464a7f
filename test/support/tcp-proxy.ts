/**
 * A TCP proxy in front of a share: it counts the bytes that cross, and can spoil or cut the link. All bytes it sees
 * are encrypted, so one spoilt byte makes the link unusable, as a bad network would.
 */
import { once } from 'node:events'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'

export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** Bytes from the target to those who connected, and the other way round, so far. */
  readonly bytesDown: number
  readonly bytesUp: number
  /** Connections accepted so far. */
  readonly connections: number
  /** Resolves when `count` bytes in all have come down. */
  afterBytesDown(count: number): Promise<void>
  /** Flips one bit of the byte that comes down as number `at`, counted from the start of the proxy. */
  flipDown(at: number): void
  /** Breaks every open connection; new ones are accepted. */
  cut(): void
}

/** Listens on a free port of 127.0.0.1 and connects each caller to `targetPort` there. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const waiting: { count: number; resolve: () => void }[] = []
  const flips = new Set<number>()
  let bytesDown = 0
  let bytesUp = 0
  let connections = 0

  const server = createServer((caller) => {
    connections++
    const target = connect(targetPort, '127.0.0.1')
    for (const [socket, other] of [
      [caller, target],
      [target, caller],
    ] as const) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    caller.on('data', (bytes) => {
      bytesUp += bytes.length
      forward(bytes, caller, target)
    })
    target.on('data', (bytes: Buffer) => {
      for (const at of flips)
        if (at >= bytesDown && at < bytesDown + bytes.length) {
          bytes[at - bytesDown] = (bytes[at - bytesDown] as number) ^ 1
          flips.delete(at)
        }
      bytesDown += bytes.length
      for (const wait of waiting) if (wait.count <= bytesDown) wait.resolve()
      forward(bytes, target, caller)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    get bytesDown() {
      return bytesDown
    },
    get bytesUp() {
      return bytesUp
    },
    get connections() {
      return connections
    },
    afterBytesDown: (count) =>
      bytesDown >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    flipDown: (at) => flips.add(at),
    cut,
    async [Symbol.asyncDispose]() {
      server.close()
      cut()
    },
  }
}

function forward(bytes: Buffer, from: Socket, to: Socket): void {
  if (to.write(bytes)) return
  from.pause()
  to.once('drain', () => from.resume())
}
