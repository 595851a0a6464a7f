// How much of a long link ferry fills: `ferry share` to `ferry receive` beside iperf3 with six streams, in turn, between two
// network namespaces with 50 ms of round trip. Needs root, a C compiler, iproute2 and iperf3.
//   node scripts/bench/links.mjs [--quick] [--runs N] [--only MEGABITS[/LOSS]]… [--no-save]
// ferry's time is the whole `ferry receive`, from the start of the process; the share was started just before it. Both carry
// the same number of bytes.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { judge } from './goals.mjs'
import { describeMachine, describeVersions, memoryFolder } from './machine.mjs'
import { parseIperf } from './parsers.mjs'
import { formatTable, goalRows, linkRows, median } from './report.mjs'
import { projectFolder, saveResult } from './results.mjs'

const roundTripMs = 50
const streams = 6
/** `mebibytes` are some twenty seconds at the full rate; with losses the kernel's congestion control may need many more. */
const cases = [
  { megabits: 200, lossPercent: 0, mebibytes: 512 },
  { megabits: 1000, lossPercent: 0, mebibytes: 2048 },
  { megabits: 200, lossPercent: 0.5, mebibytes: 512 },
  { megabits: 1000, lossPercent: 0.5, mebibytes: 512 },
]
const nameOf = ({ megabits, lossPercent }) => (lossPercent ? `${megabits}/${lossPercent}` : String(megabits))

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    'no-save': { type: 'boolean', default: false },
  },
})
const { quick } = options
const runs = Number(options.runs ?? (quick ? 1 : 3))
for (const name of options.only)
  if (!cases.some((each) => nameOf(each) === name)) {
    console.error(
      `links: ${name} is not known\n  hint: choose from: ${cases.map((each) => nameOf(each)).join(', ')}`,
    )
    process.exit(2)
  }

if (spawnSync(process.execPath, [join(projectFolder, 'scripts', 'build.mjs')], { stdio: 'inherit' }).status)
  process.exit(1)
const { compileLink, labSkipReason, openLab } = await import('./lab/lab.mjs')
const { describeExit, runProcess, startProcess } = await import('../../dist/test/support/process.js')
const { startReceive, startShare } = await import('../../dist/test/support/ferry.js')
const { hashFile } = await import('../../dist/test/support/listing.js')
const { writeRandomFile } = await import('../../dist/test/support/random-files.js')
const { isInstalled } = await import('../../dist/test/support/servers.js')
const { removeTree } = await import('../../dist/test/support/temporary-folder.js')

const skipReason = labSkipReason() ?? (isInstalled('iperf3') ? undefined : 'iperf3 is not installed')
if (skipReason !== undefined) {
  console.log(
    `All links are skipped: ${skipReason}\n  hint: as root: apt-get install iproute2 gcc iperf3, and run it again`,
  )
  process.exit(0)
}
const folder = mkdtempSync(join(memoryFolder(), 'ferry-links-'))
process.on('exit', () => removeTree(folder))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const program = compileLink()
const record = {
  quick,
  machine: describeMachine(),
  versions: describeVersions(),
  /** Of the kernel, for both: with BBR losses hardly matter, with CUBIC they do. */
  congestionControl: readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'latin1').trim(),
  roundTripMs,
  streams,
  cases: [],
}
for (const each of cases)
  if (options.only.length === 0 || options.only.includes(nameOf(each))) record.cases.push(await measure(each))
console.log(`\n${formatTable(linkRows(record))}`)
console.log(`\n${formatTable(goalRows(judge({ links: record }, { missing: false })))}`)
if (!options['no-save']) console.log(`\nSaved as ${saveResult('links', record)}`)
process.exit(0)

/** One link, `runs` times: first the one, then the other. */
async function measure({ megabits, lossPercent, mebibytes }) {
  const bytes = (mebibytes / (quick ? 4 : 1)) * 2 ** 20
  const source = join(folder, 'file.bin')
  writeRandomFile(source, bytes, `link ${megabits} ${lossPercent}`)
  await using lab = await openLab(program, { roundTripMs, megabits, lossPercent })
  const [sender, receiver] = lab.hosts
  const samples = { iperf: [], ferry: [] }
  for (let run = 0; run < runs; run++) {
    samples.iperf.push(await runIperf(sender, receiver, bytes))
    samples.ferry.push(await runFerry(sender, receiver, source))
    const [iperf, ferry] = [samples.iperf, samples.ferry].map((list) => list.at(-1).megabitsPerSecond)
    console.log(
      `${megabits} Mbit/s, loss ${lossPercent} %, ${run + 1}/${runs}: iperf3 ${iperf.toFixed(1)}, ferry ${ferry.toFixed(1)} Mbit/s`,
    )
  }
  const middle = (list) => median(list.map(({ megabitsPerSecond }) => megabitsPerSecond))
  return {
    name: nameOf({ megabits, lossPercent }),
    megabits,
    lossPercent,
    bytes,
    runs,
    iperfMegabits: middle(samples.iperf),
    ferryMegabits: middle(samples.ferry),
    samples,
  }
}

async function runIperf(sender, receiver, bytes) {
  const [command, ...through] = receiver.through
  await using server = startProcess(command, [...through, 'iperf3', '--server', '--one-off', '--forceflush'])
  await server.waitFor(/Server listening/)
  const [clientCommand, ...clientThrough] = sender.through
  const client = await runProcess(clientCommand, [
    ...clientThrough,
    'iperf3',
    ...['--client', receiver.address, '--parallel', String(streams), '--bytes', String(bytes), '--json'],
  ])
  return parseIperf(client.stdout)
}

async function runFerry(sender, receiver, source) {
  const scratch = join(folder, 'run')
  mkdirSync(scratch)
  await using share = await startShare({
    home: join(scratch, 'share-home'),
    paths: [source],
    args: ['--json'],
    env: { FERRY_LISTEN: `/ip4/${sender.address}/tcp/0` },
    through: sender.through,
  })
  const received = await startReceive({
    home: join(scratch, 'receive-home'),
    ticket: share.ticket,
    into: join(scratch, 'into'),
    args: ['--json'],
    env: { FERRY_LISTEN: `/ip4/${receiver.address}/tcp/0` },
    through: receiver.through,
  }).exit
  if (received.code !== 0)
    throw new Error(
      `ferry receive failed: ${describeExit(received)}\n--- share\n${share.stderr.slice(-4000)}`,
    )
  if (hashFile(join(scratch, 'into', 'file.bin')) !== hashFile(source))
    throw new Error('ferry did not deliver the file')
  const { bytes } = JSON.parse(received.stdout.trim().split('\n').at(-1))
  removeTree(scratch)
  return {
    bytes: bytes.fetched,
    seconds: received.seconds,
    megabitsPerSecond: (bytes.fetched * 8) / 1e6 / received.seconds,
    receiveCpuSeconds: received.cpuSeconds,
    receivePeakRssBytes: received.peakRssBytes,
    sharePeakRssBytes: share.peakRssBytes,
  }
}
