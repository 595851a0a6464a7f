// `npm run bench`: every figure of the table of goals, on this machine, over loopback, in one run.
//   npm run bench -- [--quick] [--part memory|disk|figures]… [--only NAME]… [--against CONTENDER]… [--runs N]
//                    [--folder DIR] [--disk DIR] [--no-save]
// memory and disk: from the start of `ferry share` to the end of `ferry receive`, both new processes with empty data
// directories, against the run time of each other client. Contenders take turns, every result is compared with its
// source. In memory that is all; on a disk others leave their data in the page cache, while ferry ends when it is on the
// disk: there the others' time counts until it is.
// figures: what single parts of ferry reach, each by a program of its own (figures.mjs).
// --only takes names of workloads and of figures. A quick run does the same with an eighth of the data, once.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { figureNames, measureFigure } from './figures.mjs'
import { judge } from './goals.mjs'
import {
  describeMachine,
  describeVersions,
  fileSystemOf,
  freeBytes,
  measureWriteRate,
  memoryFolder,
} from './machine.mjs'
import { enterOwnNetwork } from './own-network.mjs'
import { formatMebibytes, formatTable, goalRows, timeRows, workloadRows } from './report.mjs'
import { projectFolder, saveResult } from './results.mjs'

const partNames = ['memory', 'figures', 'disk']
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    part: { type: 'string', multiple: true, default: [] },
    only: { type: 'string', multiple: true, default: [] },
    against: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string' },
    folder: { type: 'string' },
    disk: { type: 'string' },
    'no-save': { type: 'boolean', default: false },
  },
})
const { quick } = options
const scale = quick ? 0.125 : 1
const runs = Number(options.runs ?? (quick ? 1 : 5))
if (!Number.isInteger(runs) || runs < 1) fail('--runs wants a whole number from 1')

const ownNetwork = enterOwnNetwork()
if (spawnSync(process.execPath, [join(projectFolder, 'scripts', 'build.mjs')], { stdio: 'inherit' }).status)
  process.exit(1)
const { contenders, missingPrograms } = await import('./contenders.mjs')
const { workloads } = await import('./workloads.mjs')
const { measureWorkload, openPlace } = await import('./transfers.mjs')

const parts = choose(partNames, options.part, '--part')
const wanted = choose([...workloads.map(({ name }) => name), ...figureNames], options.only, '--only')
const wantedWorkloads = workloads.filter(({ name }) => wanted.includes(name))
const wantedFigures = figureNames.filter((name) => wanted.includes(name))
const wantedNames = choose(
  contenders.map(({ name }) => name),
  options.against.length > 0 ? ['ferry', ...options.against] : [],
  '--against',
)
const wantedContenders = contenders.filter((contender) => {
  if (!wantedNames.includes(contender.name)) return false
  const missing = missingPrograms(contender)
  if (missing.length > 0) console.log(`${contender.name} is skipped: ${missing.join(', ')} not installed`)
  return missing.length === 0
})

const places = []
process.on('exit', () => {
  for (const place of places) place[Symbol.dispose]()
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const startedMs = performance.now()
const record = { quick, machine: describeMachine(), versions: describeVersions(), ownNetwork }
if (parts.includes('memory') && wantedWorkloads.length > 0)
  record.memory = await measurePart(options.folder ?? memoryFolder(), {
    onDisk: false,
    contenders: wantedContenders,
  })
if (parts.includes('figures') && wantedFigures.length > 0) {
  record.figures = {}
  for (const name of wantedFigures) {
    console.log(`figure: ${name}`)
    record.figures[name] = measureFigure(name, { quick })
  }
}
if (parts.includes('disk') && wantedWorkloads.length > 0)
  record.disk = await measurePart(options.disk ?? join(projectFolder, 'bench', 'tmp'), {
    onDisk: true,
    // scp and tar say nothing new there, and cp is no transfer.
    contenders: wantedContenders.filter(
      ({ name }) => options.against.length > 0 || ['ferry', 'rsync daemon', 'rsync over ssh'].includes(name),
    ),
  })

for (const part of ['memory', 'disk'])
  if (record[part]) {
    const { workloads: measured, fileSystem, writeMegabytesPerSecond: rate } = record[part]
    console.log(
      `\n${part} (${fileSystem}${rate ? `, writes ${rate.toFixed(0)} MB/s` : ''}), median of ${runs}\n${formatTable(timeRows(measured, { onDisk: part === 'disk' }))}`,
    )
  }
console.log(`\n${formatTable(goalRows(judge(record, { missing: false })))}`)
if (quick) console.log('\nA quick run is a check: the goals are meant for a full one.')
if (!ownNetwork)
  console.log('\nOther programs used the same loopback interface: their bytes count as wire too.')
console.log(`\n${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes`)
if (!options['no-save']) console.log(`Saved as ${saveResult('bench', record)}`)

/** Measures all wanted workloads in one place. */
async function measurePart(parent, { onDisk, contenders: taking }) {
  mkdirSync(parent, { recursive: true })
  const neededBytes = wantedWorkloads.reduce((most, { gibibytes }) => Math.max(most, 2.2 * gibibytes), 0.5)
  // Trees of many files stay on a disk until the end, of every run of every contender.
  const keptBytes = onDisk ? 1.7 * (runs * taking.length + 1) : 0
  const neededGiB = (neededBytes + keptBytes) * scale
  if (freeBytes(parent) < neededGiB * 2 ** 30)
    fail(
      `${parent} has too little room; ${neededGiB.toFixed(1)} GiB are needed`,
      `choose another place with ${onDisk ? '--disk' : '--folder'} DIR, or use --quick`,
    )
  const place = openPlace(parent, { onDisk })
  places.push(place)
  const rate = onDisk ? { writeMegabytesPerSecond: measureWriteRate(place.folder, scale * 2 ** 30) } : {}
  const results = []
  for (const workload of wantedWorkloads) {
    const result = await measureWorkload(workload, { place, contenders: taking, runs, scale })
    results.push(result)
    console.log(
      `\n${onDisk ? 'on disk, ' : ''}${result.title} (${result.files} files, ${formatMebibytes(result.bytes)}; median of ${runs})\n${formatTable(workloadRows(result, { onDisk }))}\n`,
    )
  }
  return { fileSystem: fileSystemOf(parent), ...rate, workloads: results }
}

/** The wanted ones of all names, or all when none is wanted. */
function choose(all, names, option) {
  for (const name of names)
    if (!all.includes(name)) fail(`${option} ${name} is not known`, `choose from: ${all.join(', ')}`)
  return names.length === 0 ? all : all.filter((name) => names.includes(name))
}

function fail(message, hint) {
  console.error(`bench: ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`)
  process.exit(2)
}
