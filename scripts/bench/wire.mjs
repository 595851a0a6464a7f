// What the wire alone can do: memory to memory through `session.read`, both ends on this machine, one thread each.
//   npm run build && node scripts/bench/wire.mjs [tls-first|noise-only]
import { randomBytes } from 'node:crypto'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const load = (path) => import(new URL(`../../dist/${path}`, import.meta.url))
const { testHost, testProvider, testSession } = await load('test/support/hosts.js')
const { memoryOffer } = await load('test/support/memory-offer.js')

const MiB = 1024 * 1024
const fileBytes = 64 * MiB

/** Runs `read` until `count` calls are done, `depth` of them at once; seconds. */
async function timed(count, depth, read) {
  let next = 0
  const startedMs = performance.now()
  const lane = async () => {
    while (next < count) await read(next++)
  }
  await Promise.all(Array.from({ length: depth }, lane))
  return (performance.now() - startedMs) / 1000
}

async function provide() {
  const served = await testProvider({ host: { encrypters: workerData } })
  const file = new Uint8Array(randomBytes(fileBytes))
  const offer = memoryOffer({ owner: served.host.identity, files: [file] })
  served.provider.offer(offer)
  const { peer, addresses } = served.host
  parentPort.postMessage({ peer, addresses: [...addresses], secret: offer.secret })
}

async function measure(encrypters) {
  const worker = new Worker(new URL(import.meta.url), { workerData: encrypters })
  const host = await new Promise((resolve) => worker.once('message', resolve))
  const receiver = await testHost({ listen: false, encrypters })
  const session = await testSession(receiver, { host }, host.secret)
  console.log(`${encrypters}, 1 GiB from memory to memory, 1 MiB a read, 8 MiB under way`)
  for (let round = 1; round <= 3; round++) {
    const before = process.cpuUsage()
    const seconds = await timed(1024, 8, (index) =>
      session.read([{ entry: 0, offset: (index * MiB) % fileBytes, length: MiB }]),
    )
    const { user, system } = process.cpuUsage(before)
    const cpu = ((user + system) / 1e6).toFixed(1)
    console.log(
      `  ${((1024 * MiB) / 1e6 / seconds).toFixed(0)} MB/s, ${cpu} s of processor time for both ends`,
    )
  }
  for (const [ranges, count, depth] of [
    [1, 20_000, 64],
    [64, 3_000, 16],
  ]) {
    const seconds = await timed(count, depth, (index) =>
      session.read(
        Array.from({ length: ranges }, (_, at) => ({
          entry: 0,
          offset: (index * 8191 + at * 5000) % (fileBytes - 4096),
          length: 4096,
        })),
      ),
    )
    const rate = Math.round((ranges * count) / seconds)
    console.log(`  ${rate} pieces of 4 KiB a second, ${ranges} a read, ${depth} reads under way`)
  }
  process.exit(0)
}

if (isMainThread) await measure(process.argv[2] ?? 'tls-first')
else await provide()
