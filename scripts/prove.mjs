// The long proofs: what ferry promises about large data, measured with real processes and printed as a table. Too slow
// and too dependent on the machine for the tests. Times, and peaks of memory of many workloads, are the benchmark's.
//   node scripts/prove.mjs [--folder DIR] [name…]
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string' } },
})
if (spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' }).status !== 0)
  process.exit(1)
const { folderBytes, setStage, startProxiedPort } = await import('../dist/test/support/journey.js')
const { writeRandomFile, writeRandomTree } = await import('../dist/test/support/random-files.js')
const { parseSummary, sealedPattern } = await import('../dist/test/support/ferry.js')
const { describeExit } = await import('../dist/test/support/process.js')
const { formatTable } = await import('./bench/report.mjs')
const { writeEdited } = await import('./bench/workloads.mjs')

const MiB = 1 << 20
const parent = options.folder ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
const rows = [['proof', 'measured', 'limit', '']]
let failed = 0

/** Adds a row; `limit` is undefined for what is only told. */
function tell(name, value, limit, unit) {
  const ok = limit === undefined || value <= limit
  if (!ok) failed++
  const format = (number) => `${Number.isInteger(number) ? number : number.toFixed(2)} ${unit}`
  const row = [
    name,
    format(value),
    limit === undefined ? '' : format(limit),
    limit === undefined ? '' : ok ? 'ok' : 'TOO MUCH',
  ]
  rows.push(row)
  console.log(row.join('   '))
}

const mebibytes = (bytes) => Math.round((bytes / MiB) * 100) / 100

/** Shares `name`, receives it, compares, and tells memory and time. */
async function passThrough(stage, title, name) {
  const share = await stage.share([name], ['--json'])
  try {
    const receive = stage.startReceive(share.ticket)
    let writtenBytes = 0
    const sampler = setInterval(() => (writtenBytes = bytesWritten(receive.pid) ?? writtenBytes), 10)
    const exit = await receive.exit
    clearInterval(sampler)
    if (exit.code !== 0) throw new Error(`${describeExit(exit)}\n--- share\n${share.stderr.slice(-2000)}`)
    tell(`${title}: receive`, exit.seconds, undefined, 's')
    tell(`${title}: peak memory of share`, mebibytes(share.peakRssBytes), 250, 'MiB')
    tell(`${title}: peak memory of receive`, mebibytes(exit.peakRssBytes), 250, 'MiB')
    stage.assertArrived(name)
    return { summary: parseSummary(exit), writtenBytes }
  } finally {
    await share[Symbol.asyncDispose]()
  }
}

/** Bytes that a process has handed to write calls so far. */
function bytesWritten(pid) {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1])
  } catch {
    return undefined
  }
}

const proofs = {
  async large(stage) {
    writeRandomFile(stage.at('large.bin'), 1024 * MiB, 'large')
    const { summary, writtenBytes } = await passThrough(stage, '1 GiB', 'large.bin')
    tell('1 GiB: content fetched', mebibytes(summary.bytes.fetched), 1024, 'MiB')
    tell('1 GiB: written by receive, per byte received', writtenBytes / (1024 * MiB), 1.1, 'times')
  },
  async edited(stage) {
    mkdirSync(stage.into)
    writeRandomFile(stage.at('into', 'edited.bin'), 1024 * MiB, 'edited')
    writeEdited(stage.at('into', 'edited.bin'), stage.at('edited.bin'))
    const proxy = await startProxiedPort()
    const share = await stage.share(['edited.bin'], proxy.shareArgs)
    await stage.mustReceive(share.ticket, ['--overwrite', 'always'])
    await share[Symbol.asyncDispose]()
    stage.assertArrived('edited.bin')
    tell('1 GiB edited: bytes to the receiver', mebibytes(proxy.bytesDown), 2.5, 'MiB')
    tell('1 GiB edited: bytes to the sender', mebibytes(proxy.bytesUp), undefined, 'MiB')
    await proxy[Symbol.asyncDispose]()
  },
  async store(stage) {
    writeRandomFile(stage.at('5gib.bin'), 5 * 1024 * MiB, 'store')
    const share = await stage.share(['5gib.bin'], ['--json'])
    await share.waitFor(sealedPattern)
    tell('5 GiB shared: growth of the store', mebibytes(folderBytes(stage.senderHome)), 60, 'MiB')
    tell('5 GiB shared: peak memory', mebibytes(share.peakRssBytes), 250, 'MiB')
    await share[Symbol.asyncDispose]()
  },
  async ticket(stage) {
    writeRandomTree(stage.at('tree', 'a'), { files: 100, bytesEach: MiB, seed: 'ticket' })
    for (let index = 0; index < 20; index++) {
      writeFileSync(stage.at('tree', `sparse-${index}`), '')
      truncateSync(stage.at('tree', `sparse-${index}`), 1024 * MiB)
    }
    const started = performance.now()
    const share = await stage.share(['tree'])
    tell('20 GiB: ticket after', share.ticketMs / 1000, 1, 's')
    const receive = stage.startReceive(share.ticket)
    const first = await firstContent(stage.into)
    tell('20 GiB: first bytes at the receiver after', (first - started) / 1000, 3, 's')
    await receive[Symbol.asyncDispose]()
    await share[Symbol.asyncDispose]()
  },
  async resume(stage) {
    writeRandomFile(stage.at('resume.bin'), 1024 * MiB, 'resume')
    const proxy = await startProxiedPort()
    const share = await stage.share(['resume.bin'], proxy.shareArgs)
    let before = 0
    for (const moment of [0.1, 0.4, 0.7, 0.9]) {
      const receive = stage.startReceive(share.ticket)
      await receive.meanwhile(proxy.afterBytesDown(moment * 1024 * MiB))
      await receive[Symbol.asyncDispose]()
      before = proxy.bytesDown
    }
    const summary = await stage.mustReceive(share.ticket)
    stage.assertArrived('resume.bin')
    const lost = before - summary.bytes.reused
    tell('kill -9, four times: sent again, each', mebibytes(lost / 4), 8, 'MiB')
    await share[Symbol.asyncDispose]()
    await proxy[Symbol.asyncDispose]()
  },
}

/** Resolves with the time at which the first content lies in `folder`. */
async function firstContent(folder) {
  for (;;) {
    const names = existsSync(folder) ? readdirSync(folder, { recursive: true }) : []
    const arrived = names.some((name) => {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false })
      return stat?.isFile() && stat.size > 0 && stat.blocks > 0 && !name.endsWith('.journal')
    })
    if (arrived) return performance.now()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

for (const name of wanted)
  if (!(name in proofs)) {
    console.error(`prove: no proof is called ${name}\n  hint: choose from: ${Object.keys(proofs).join(', ')}`)
    process.exit(2)
  }
for (const [name, prove] of Object.entries(proofs)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const stage = setStage(parent)
  try {
    await prove(stage)
  } catch (error) {
    failed++
    rows.push([name, 'failed', '', 'FAILED'])
    console.log(`${name} failed\n${error.stack}`)
  } finally {
    await stage[Symbol.asyncDispose]()
  }
}
console.log(`\n${formatTable(rows)}\n\n${rows.length - 1} figures, ${failed} wrong`)
process.exit(failed === 0 ? 0 : 1)
