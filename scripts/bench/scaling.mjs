// How time, processor time and memory of both sides grow with the size of a file and with the number of files.
//   node scripts/bench/scaling.mjs [--quick] [--series size|count]… [--sizes GIB,…] [--counts N,…] [--runs N]
//                                  [--disk DIR] [--folder DIR] [--no-save]
// Files lie on a disk (--disk): source and result of 16 GiB do not fit into the memory of most machines, and all sizes are
// measured in one place. So their time includes the disk, their processor time does not. Trees of 1 KiB files lie in
// memory (--folder). Every result is compared with its source.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { judge } from './goals.mjs'
import { describeMachine, describeVersions, fileSystemOf, freeBytes, memoryFolder } from './machine.mjs'
import { formatTable, goalRows, scalingRows } from './report.mjs'
import { projectFolder, saveResult } from './results.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    series: { type: 'string', multiple: true, default: ['size', 'count'] },
    sizes: { type: 'string' },
    counts: { type: 'string' },
    runs: { type: 'string' },
    disk: { type: 'string', default: join(projectFolder, 'bench', 'tmp') },
    folder: { type: 'string', default: memoryFolder() },
    'no-save': { type: 'boolean', default: false },
  },
})
const { quick } = options
const runs = Number(options.runs ?? (quick ? 1 : 3))
const sizes = numbers('--sizes', options.sizes ?? (quick ? '0.0625,0.25,1' : '1,4,16'))
const counts = numbers('--counts', options.counts ?? (quick ? '100,1000,10000' : '1000,10000,100000,1000000'))

if (spawnSync(process.execPath, [join(projectFolder, 'scripts', 'build.mjs')], { stdio: 'inherit' }).status)
  process.exit(1)
const { contenders } = await import('./contenders.mjs')
const { measureWorkload, openPlace } = await import('./transfers.mjs')
const { writeRandomFile, writeRandomTree } = await import('../../dist/test/support/random-files.js')

const GiB = 2 ** 30
/** A page of memory for the content of a file, and what the file system keeps of it. */
const smallFileBytes = 5200
const allSeries = {
  size: {
    parent: options.disk,
    onDisk: true,
    values: sizes,
    needed: (gibibytes) => 2.05 * gibibytes * GiB,
    workload: (gibibytes) => ({
      name: `${gibibytes}-gib`,
      title: () => `one file of ${gibibytes} GiB`,
      prepare({ source }) {
        mkdirSync(source)
        writeRandomFile(join(source, 'file.bin'), gibibytes * GiB, 'size')
      },
    }),
  },
  count: {
    parent: options.folder,
    onDisk: false,
    values: counts,
    needed: (files) => 2.05 * files * smallFileBytes,
    workload: (files) => ({
      name: `${files}-files`,
      title: () => `${files.toLocaleString('en')} files of 1 KiB`,
      prepare: ({ source }) => writeRandomTree(source, { files, bytesEach: 1024, seed: 'count' }),
    }),
  },
}
for (const name of options.series)
  if (!(name in allSeries))
    fail(`--series ${name} is not known`, `choose from: ${Object.keys(allSeries).join(', ')}`)

let place
process.on('exit', () => place?.[Symbol.dispose]())
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const record = { quick, machine: describeMachine(), versions: describeVersions(), series: {} }
for (const name of options.series) record.series[name] = await measureSeries(allSeries[name])
for (const [name, series] of Object.entries(record.series))
  console.log(`\n${name} (${series.fileSystem}), median of ${runs}\n${formatTable(scalingRows(series))}`)
console.log(`\n${formatTable(goalRows(judge({ scaling: record }, { missing: false })))}`)
if (!options['no-save']) console.log(`\nSaved as ${saveResult('scaling', record)}`)

async function measureSeries({ parent, onDisk, values, needed, workload }) {
  mkdirSync(parent, { recursive: true })
  const most = needed(Math.max(...values))
  if (freeBytes(parent) < most)
    fail(
      `${parent} has too little room; ${(most / GiB).toFixed(1)} GiB are needed`,
      `choose another place with ${onDisk ? '--disk' : '--folder'} DIR, or less with --sizes and --counts`,
    )
  const points = []
  for (const value of values) {
    place = openPlace(parent, { onDisk })
    const { title, samples, summaries } = await measureWorkload(workload(value), {
      place,
      contenders: contenders.filter(({ name }) => name === 'ferry'),
      runs,
      scale: 1,
    })
    place[Symbol.dispose]()
    points.push({ value, title, ...summaries.ferry, samples: samples.ferry })
  }
  return { fileSystem: fileSystemOf(parent), runs, points }
}

function numbers(option, text) {
  const values = text.split(',').map(Number)
  if (!values.every((value) => value > 0))
    fail(`${option} wants numbers above 0 with commas between them, not ${text}`)
  return values
}

function fail(message, hint) {
  console.error(`scaling: ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`)
  process.exit(2)
}
