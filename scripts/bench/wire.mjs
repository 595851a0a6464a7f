// What the wire alone can do, memory to memory over one connection: `session.read` beside a plain node:tls socket, in
// turn. Both ends are on this machine, a thread each. node:tls gives what it receives as events, or, which few know and is
// faster, into one buffer (`onread`).
//   npm run build && node scripts/bench/wire.mjs [--rounds N] [--mebibytes N] [--noise] [--json]
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:tls'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createCertificate } from '../../dist/src/node/tls/certificate.js'
import { testHost, testProvider, testSession } from '../../dist/test/support/hosts.js'
import { memoryOffer } from '../../dist/test/support/memory-offer.js'
import { median } from './report.mjs'

const MiB = 1024 * 1024
const fileBytes = 64 * MiB
const pieceBytes = 4096

/** Serves a file of random bytes in memory to ferry sessions. */
async function serveFerry({ encrypters }) {
  const served = await testProvider({ host: { encrypters } })
  const file = new Uint8Array(randomBytes(fileBytes))
  const offer = memoryOffer({ owner: served.host.identity, files: [file] })
  served.provider.offer(offer)
  const { peer, addresses } = served.host
  parentPort.postMessage({ peer, addresses: [...addresses], secret: offer.secret })
}

/** Writes as many bytes as the client names, 1 MiB a call; the reference that TLS in Node can reach. */
async function serveTls() {
  const { cert, key } = await createCertificate(await generateKeyPair('Ed25519'))
  const file = randomBytes(fileBytes)
  const server = createServer({ cert, key, ...cipher }, (socket) => {
    socket.on('data', (request) => {
      let left = Number(request.readBigUInt64LE())
      const pump = () => {
        while (left > 0) {
          const at = left % fileBytes
          left -= MiB
          if (socket.write(file.subarray(at, at + MiB))) continue
          socket.once('drain', pump)
          return
        }
      }
      pump()
    })
  })
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
}

/** The same for both: what ferry's own connections agree on where the processor has AES instructions. */
const cipher = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' }

async function startServer(role, options) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { role, ...options } })
  const [message] = await once(worker, 'message')
  return message
}

/**
 * Runs `read` until `count` calls are done, `depth` of them at once, each into memory of its own that is used again, as
 * receive does it.
 */
async function readAll(count, depth, bytesEach, read) {
  let next = 0
  const reader = async () => {
    const into = new Uint8Array(new SharedArrayBuffer(bytesEach))
    while (next < count) await read(next++, into)
  }
  await Promise.all(Array.from({ length: depth }, reader))
}

/** A connection to the reference; `fetch` resolves when as many bytes have come. */
async function connectTls(port, { oneBuffer }) {
  let left = 0
  let done
  const take = (length) => {
    left -= length
    if (left <= 0) done()
    return true
  }
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...cipher,
    ...(oneBuffer && { onread: { buffer: Buffer.alloc(256 * 1024), callback: take } }),
  })
  if (!oneBuffer) socket.on('data', (bytes) => take(bytes.byteLength))
  await once(socket, 'secureConnect')
  return {
    fetch: (bytes) =>
      new Promise((resolve) => {
        left = bytes
        done = resolve
        const request = Buffer.alloc(8)
        request.writeBigUInt64LE(BigInt(bytes))
        socket.write(request)
      }),
  }
}

/** Seconds, and the processor time of both ends, which are threads of this process. */
async function timed(work) {
  const cpuBefore = process.cpuUsage()
  const startedMs = performance.now()
  await work()
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return { seconds, cpuSeconds: (user + system) / 1e6 }
}

async function measure({ rounds, mebibytes, encrypters }) {
  const host = await startServer('ferry', { encrypters })
  const receiver = await testHost({ listen: false, encrypters })
  const session = await testSession(receiver, { host }, host.secret)
  const tlsPort = await startServer('tls')
  const events = await connectTls(tlsPort, { oneBuffer: false })
  const oneBuffer = await connectTls(tlsPort, { oneBuffer: true })

  const stream = () =>
    readAll(mebibytes, 8, MiB, (index, into) =>
      session.read([{ entry: 0, offset: (index * MiB) % fileBytes, length: MiB }], { into }),
    )
  const pieces = (ranges, reads, depth) => () =>
    readAll(reads, depth, ranges * pieceBytes, (index, into) =>
      session.read(
        Array.from({ length: ranges }, (_, at) => ({
          entry: 0,
          offset: (index * 8191 + at * 5000) % (fileBytes - pieceBytes),
          length: pieceBytes,
        })),
        { into },
      ),
    )

  const samples = { ferry: [], tls: [], tlsOneBuffer: [], together: [], alone: [] }
  const megabytes = (mebibytes * MiB) / 1e6
  for (let round = 0; round < rounds; round++) {
    samples.ferry.push(await timed(stream))
    samples.tls.push(await timed(() => events.fetch(mebibytes * MiB)))
    samples.tlsOneBuffer.push(await timed(() => oneBuffer.fetch(mebibytes * MiB)))
    samples.together.push(await timed(pieces(64, 3000, 16)))
    samples.alone.push(await timed(pieces(1, 20_000, 64)))
  }
  const middle = (name, figure) => median(samples[name].map(figure))
  return {
    encrypters,
    mebibytes,
    ferryMegabytesPerSecond: middle('ferry', ({ seconds }) => megabytes / seconds),
    tlsMegabytesPerSecond: middle('tls', ({ seconds }) => megabytes / seconds),
    tlsOneBufferMegabytesPerSecond: middle('tlsOneBuffer', ({ seconds }) => megabytes / seconds),
    ferryCpuSecondsPerGiB: middle('ferry', ({ cpuSeconds }) => (cpuSeconds / mebibytes) * 1024),
    tlsCpuSecondsPerGiB: middle('tls', ({ cpuSeconds }) => (cpuSeconds / mebibytes) * 1024),
    tlsOneBufferCpuSecondsPerGiB: middle('tlsOneBuffer', ({ cpuSeconds }) => (cpuSeconds / mebibytes) * 1024),
    piecesPerSecond: middle('together', ({ seconds }) => (64 * 3000) / seconds),
    piecesPerSecondAlone: middle('alone', ({ seconds }) => 20_000 / seconds),
    samples,
  }
}

if (isMainThread) {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      mebibytes: { type: 'string', default: '1024' },
      noise: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  const result = await measure({
    rounds: Number(options.rounds),
    mebibytes: Number(options.mebibytes),
    encrypters: options.noise ? 'noise-only' : 'tls-first',
  })
  const round = Math.round
  if (options.json) console.log(JSON.stringify(result))
  else
    console.log(
      [
        `${result.encrypters}, ${result.mebibytes} MiB from memory to memory, median of ${options.rounds}`,
        `  ferry     ${round(result.ferryMegabytesPerSecond)} MB/s, ${result.ferryCpuSecondsPerGiB.toFixed(2)} s of processor time a GiB for both ends`,
        `  node:tls  ${round(result.tlsMegabytesPerSecond)} MB/s, ${result.tlsCpuSecondsPerGiB.toFixed(2)} s; ${round(result.tlsOneBufferMegabytesPerSecond)} MB/s into one buffer`,
        `  ${round(result.piecesPerSecond)} pieces of 4 KiB a second, 64 a read; ${round(result.piecesPerSecondAlone)}, one a read`,
      ].join('\n'),
    )
  // Servers, sessions and threads would keep the process alive, and there is nothing to lose.
  process.exit(0)
} else if (workerData.role === 'ferry') await serveFerry(workerData)
else await serveTls()
