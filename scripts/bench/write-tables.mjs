// Writes the figures of README.md and docs/performance.md, and the plot docs/scaling.svg, from the newest results in
// bench/results. Only full runs count, of commits without changes, each part from the newest run that has the whole of it.
//   node scripts/bench/write-tables.mjs
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { figureNames } from './figures.mjs'
import { judge } from './goals.mjs'
import {
  costRows,
  formatMarkdown,
  goalRows,
  linkRows,
  phaseRows,
  scalingRows,
  syncRows,
  timeRows,
} from './report.mjs'
import { latestResult, projectFolder } from './results.mjs'
import { drawScaling } from './scaling-plot.mjs'
import { fillSections } from './sections.mjs'

const placeOf = ({ places }, name) => places.find((place) => place.name === name)

const isWhole = {
  memory: ({ memory }) => memory?.workloads.length >= 6,
  disk: ({ disk }) => disk?.workloads.length >= 6,
  figures: ({ figures }) => figureNames.every((name) => figures?.[name] !== undefined),
  'sync-sftp': (result) => (placeOf(result, 'sftp')?.cases.length ?? 0) >= 6,
  links: ({ cases }) => cases.length >= 4,
  scaling: ({ series }) => series.size?.points.length >= 3 && series.count?.points.length >= 4,
}

/** Part → the result that it is taken from; told as they are used. */
const found = new Map()
function resultOf(part) {
  if (!found.has(part)) {
    const kind = part.startsWith('sync-') ? 'sync' : part === 'links' || part === 'scaling' ? part : 'bench'
    const result = latestResult(kind, (each) => !each.commit.endsWith('+') && isWhole[part](each))
    if (!result) {
      const command = kind === 'bench' ? 'npm run bench' : `node scripts/bench/${kind}.mjs`
      console.error(
        `write-tables: there is no whole result for ${part}\n  hint: ${command}, with all changes committed`,
      )
      process.exit(1)
    }
    console.log(`${part}: ${result.file}`)
    found.set(part, result)
  }
  return found.get(part)
}

const writers = {
  goals: () =>
    formatMarkdown(
      goalRows(
        judge({
          memory: resultOf('memory').memory,
          disk: resultOf('disk').disk,
          figures: resultOf('figures').figures,
          links: resultOf('links'),
          scaling: resultOf('scaling'),
        }),
      ),
    ),
  memory: () => formatMarkdown(timeRows(resultOf('memory').memory.workloads, { onDisk: false })),
  disk: () => formatMarkdown(timeRows(resultOf('disk').disk.workloads, { onDisk: true })),
  'disk-client': () => formatMarkdown(timeRows(resultOf('disk').disk.workloads, { onDisk: false })),
  costs: () => formatMarkdown(costRows(resultOf('memory').memory.workloads)),
  phases: () => formatMarkdown(phaseRows(resultOf('memory').memory.workloads)),
  links: () => formatMarkdown(linkRows(resultOf('links'))),
  'scaling-size': () => formatMarkdown(scalingRows(resultOf('scaling').series.size)),
  'scaling-count': () => formatMarkdown(scalingRows(resultOf('scaling').series.count)),
  'sync-sftp': () => formatMarkdown(syncRows(placeOf(resultOf('sync-sftp'), 'sftp').cases)),
  wire: () => describeWire(resultOf('figures').figures.wire),
  machine: () => describeRun(resultOf('memory')),
  'disk-rate': () =>
    `Here that is ${resultOf('disk').disk.fileSystem} on a disk that takes ${resultOf('disk').disk.writeMegabytesPerSecond.toFixed(0)} MB/s, fsync included.`,
}

function describeWire(wire) {
  const rate = (value) => `${value.toFixed(0)} MB/s`
  const cpu = (value) => (value === undefined ? '' : `${value.toFixed(2)} s`)
  return formatMarkdown([
    ['memory to memory, one connection', 'rate', 'processor time a GiB, both ends'],
    ['ferry', rate(wire.ferryMegabytesPerSecond), cpu(wire.ferryCpuSecondsPerGiB)],
    ['node:tls, events', rate(wire.tlsMegabytesPerSecond), cpu(wire.tlsCpuSecondsPerGiB)],
    [
      'node:tls, one buffer (`onread`)',
      rate(wire.tlsOneBufferMegabytesPerSecond),
      cpu(wire.tlsOneBufferCpuSecondsPerGiB),
    ],
  ])
}

function describeRun({ machine, versions, commit, measuredAt, memory }) {
  const runs = memory.workloads[0].runs
  return [
    `Measured on ${measuredAt.slice(0, 10)} at commit ${commit}, median of ${runs}: ${machine.cores} cores`,
    `(${machine.processor}), ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${machine.system}; Node ${versions.node},`,
    `${versions.rsync?.replace(/\s+/g, ' ')}, ${versions.ssh}.`,
  ].join('\n')
}

function writeSection(name) {
  if (!Object.hasOwn(writers, name))
    throw new Error(`the section ${name} is not known; there are ${Object.keys(writers).join(', ')}`)
  return writers[name]()
}

// All is made before anything is written, so that a result that is missing changes no file.
const plot = drawScaling(resultOf('scaling'))
const pages = ['README.md', 'docs/performance.md']
  .map((name) => join(projectFolder, name))
  .map((file) => [file, fillSections(readFileSync(file, 'utf8'), writeSection)])
for (const [file, text] of pages) writeFileSync(file, text)
writeFileSync(join(projectFolder, 'docs', 'scaling.svg'), plot)
