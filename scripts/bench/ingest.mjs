// Cutting and hashing alone: a file that is in memory already, cut in regions by one worker and by two, in turn. Nothing
// is sent or stored. The threads are started, and their code is warm, before the clock starts.
//   npm run build && node scripts/bench/ingest.mjs [--rounds N] [--mebibytes N] [--folder DIR] [--json]
import { lstatSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chunkSizeFor } from '../../dist/src/blobs/chunker/parameters.js'
import { fingerprintOf } from '../../dist/src/blobs/fingerprint.js'
import { cutLargeFile } from '../../dist/src/blobs/ingest/cut-large-file.js'
import { createWorkerPool } from '../../dist/src/blobs/worker/pool.js'
import { writeRandomFile } from '../../dist/test/support/random-files.js'
import { removeTree } from '../../dist/test/support/temporary-folder.js'
import { memoryFolder } from './machine.mjs'
import { median } from './report.mjs'

const MiB = 1 << 20
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    mebibytes: { type: 'string', default: '1024' },
    folder: { type: 'string', default: memoryFolder() },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds)
const mebibytes = Number(options.mebibytes)

const folder = mkdtempSync(join(options.folder, 'ferry-ingest-'))
process.on('exit', () => removeTree(folder))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))
const diskPath = join(folder, 'file.bin')
writeRandomFile(diskPath, mebibytes * MiB, 'ingest')
const fingerprint = fingerprintOf(lstatSync(diskPath, { bigint: true }))
const file = { diskPath, fingerprint, chunkSize: chunkSizeFor(fingerprint.size) }

/** One pass over the file; seconds, and the processor time of the whole process. */
async function pass(pool) {
  const cpuBefore = process.cpuUsage()
  const startedMs = performance.now()
  for await (const records of cutLargeFile(file, { pool, limit: pool.size + 1 }))
    if (records.byteLength === 0) throw new Error('a region without chunks')
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return { seconds, cpuSeconds: (user + system) / 1e6 }
}

const gigabytes = fingerprint.size / 1e9
const pools = [createWorkerPool({ size: 1 }), createWorkerPool({ size: 2 })]
const samples = [[], []]
for (const pool of pools) await pass(pool)
for (let round = 0; round < rounds; round++)
  for (const [index, pool] of pools.entries()) samples[index].push(await pass(pool))
for (const pool of pools) await pool.close()

const [one, two] = samples.map((list) => median(list.map(({ seconds }) => gigabytes / seconds)))
const cpu = median(samples[0].map(({ cpuSeconds }) => gigabytes / cpuSeconds))
const result = {
  mebibytes,
  oneWorkerGigabytesPerSecond: one,
  twoWorkersGigabytesPerSecond: two,
  /** Of one worker and the thread that plans its work together: what one core would do alone. */
  gigabytesPerCpuSecond: cpu,
  samples: { oneWorker: samples[0], twoWorkers: samples[1] },
}
if (options.json) console.log(JSON.stringify(result))
else
  console.log(
    `cut + hash of ${mebibytes} MiB, median of ${rounds}: one worker ${one.toFixed(2)} GB/s (${cpu.toFixed(2)} GB a second of processor time), two workers ${two.toFixed(2)} GB/s, ${(two / one).toFixed(2)} times`,
  )
