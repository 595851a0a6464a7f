// `ferry sync` to an SFTP server and to an S3 server beside those who do the same, in turn: first uploads, an edited file,
// and nothing changed. The servers are sshd and Ceph's RADOS gateway, on this machine.
//   node scripts/bench/sync.mjs [--quick] [--runs N] [--place sftp|s3]… [--only NAME]… [--against CONTENDER]…
//                               [--folder DIR] [--no-save]
// Every contender writes into a target of its own, so that it finds what it has remembered of its last run. Times are
// those of the client's process; the servers run already. What an SFTP server got is compared with the source after every
// run; what an S3 server got is read back by rclone and compared.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { judge } from './goals.mjs'
import { describeMachine, describeVersions, loopbackBytes, memoryFolder } from './machine.mjs'
import { enterOwnNetwork } from './own-network.mjs'
import { formatTable, goalRows, summarize, syncRows } from './report.mjs'
import { projectFolder, saveResult } from './results.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    place: { type: 'string', multiple: true, default: [] },
    only: { type: 'string', multiple: true, default: [] },
    against: { type: 'string', multiple: true, default: [] },
    folder: { type: 'string' },
    'no-save': { type: 'boolean', default: false },
  },
})
const { quick } = options
const scale = quick ? 0.125 : 1
const runs = Number(options.runs ?? (quick ? 1 : 3))

const ownNetwork = enterOwnNetwork()
if (spawnSync(process.execPath, [join(projectFolder, 'scripts', 'build.mjs')], { stdio: 'inherit' }).status)
  process.exit(1)
const { startPlace, placeNames } = await import('./sync-places.mjs')
const { workloads } = await import('./workloads.mjs')
const { differences, listTree } = await import('../../dist/test/support/listing.js')
const { removeTree } = await import('../../dist/test/support/temporary-folder.js')

/** Name → workload whose tree is uploaded, and what is done before the clock. */
const cases = [
  { name: 'first-large', workload: 'large', title: (text) => `first upload, ${text}`, before: [] },
  { name: 'again-large', workload: 'large', title: (text) => `nothing changed, ${text}`, before: ['source'] },
  { name: 'edited', workload: 'edited', title: (text) => text, before: ['old'] },
  {
    name: 'get-large',
    workload: 'large',
    title: (text) => `download, ${text}`,
    before: ['source'],
    download: true,
  },
  { name: 'first-small', workload: 'small', title: (text) => `first upload, ${text}`, before: [] },
  { name: 'again-small', workload: 'small', title: (text) => `nothing changed, ${text}`, before: ['source'] },
]
const wantedPlaces = choose(placeNames, options.place, '--place')
const wantedCases = choose(
  cases.map(({ name }) => name),
  options.only,
  '--only',
)

const folder = mkdtempSync(join(options.folder ?? memoryFolder(), 'ferry-sync-bench-'))
process.on('exit', () => removeTree(folder))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const record = {
  quick,
  machine: describeMachine(),
  versions: describeVersions(),
  ownNetwork,
  runs,
  places: [],
}
for (const name of wantedPlaces) {
  await using place = await startPlace(name, join(folder, name))
  if (place.skipReason !== undefined) {
    console.log(`${name} is skipped: ${place.skipReason}`)
    continue
  }
  const measured = []
  for (const each of cases.filter((one) => wantedCases.includes(one.name)))
    measured.push(await measureCase(place, each))
  record.places.push({ name, title: place.title, cases: measured })
  console.log(`\n${place.title}, median of ${runs}\n${formatTable(syncRows(measured))}\n`)
}
console.log(formatTable(goalRows(judge({ sync: record }, { missing: false }))))
if (!options['no-save']) console.log(`\nSaved as ${saveResult('sync', record)}`)
process.exit(0)

async function measureCase(place, { name, workload: workloadName, title, before, download = false }) {
  const workload = workloads.find((each) => each.name === workloadName)
  const base = join(folder, 'case')
  mkdirSync(base)
  const trees = { source: join(base, 'source'), old: join(base, 'old') }
  workload.prepare({ ...trees, scale })
  const expected = listTree(trees.source)
  const samples = {}
  for (let run = 0; run < runs; run++)
    for (const contender of rotate(place.contenders, run)) {
      if (options.against.length > 0 && !['ferry', ...options.against].includes(contender.name)) continue
      if (contender.cases && !contender.cases.includes(name)) continue
      const target = await place.freshTarget()
      const home = join(base, 'home')
      mkdirSync(home)
      const context = { home, target }
      for (const tree of before) await contender.upload(trees[tree], context)
      const into = join(base, 'into')
      mkdirSync(into)
      const wireBefore = loopbackBytes()
      const figure = download
        ? await contender.download(into, context)
        : await contender.upload(trees.source, context)
      if (wireBefore !== undefined) figure.wireBytes = loopbackBytes() - wireBefore
      if (!download) await place.fetch(target, into)
      const wrong = differences(expected, listTree(into), ['kind', 'size', 'hash'])
      if (wrong.length > 0)
        throw new Error(`${contender.name} did not deliver ${name} at ${place.title}:\n${wrong.join('\n')}`)
      ;(samples[contender.name] ??= []).push(figure)
      console.log(
        `${place.title}, ${name} ${run + 1}/${runs} ${contender.name} ${figure.totalSeconds.toFixed(2)} s`,
      )
      for (const tree of [into, home]) removeTree(tree)
      await place.removeTarget(target)
    }
  removeTree(base)
  return {
    name,
    title: title(workload.title(scale)),
    summaries: Object.fromEntries(Object.entries(samples).map(([who, list]) => [who, summarize(list)])),
    samples,
  }
}

function rotate(list, by) {
  return list.map((_, index) => list[(index + by) % list.length])
}

function choose(all, names, option) {
  for (const name of names)
    if (!all.includes(name)) {
      console.error(`sync: ${option} ${name} is not known\n  hint: choose from: ${all.join(', ')}`)
      process.exit(2)
    }
  return names.length === 0 ? all : all.filter((name) => names.includes(name))
}
