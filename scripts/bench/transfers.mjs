// Lets contenders bring one workload, in turn, and compares every result with the source.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { differences, listTree } from '../../dist/test/support/listing.js'
import { removeTree } from '../../dist/test/support/temporary-folder.js'
import { loopbackBytes } from './machine.mjs'
import { summarize } from './report.mjs'

/** From this many files a tree is not removed from a disk before the last run. */
const manyFiles = 1000

/**
 * A place to measure in. On a disk, what was written before is brought to it first, and each result is asked for until
 * it lies there: `durableSeconds`. ext4 makes new files slowly for a while after many were removed, so there the trees
 * stay until the end.
 */
export function openPlace(parent, { onDisk }) {
  const folder = mkdtempSync(join(parent, 'ferry-bench-'))
  let kept = 0
  return {
    folder,
    onDisk,
    /** Waits until all that was written is on the disk; seconds. */
    settle() {
      if (!onDisk) return undefined
      const startedMs = performance.now()
      execFileSync('sync', ['--file-system', folder])
      return (performance.now() - startedMs) / 1000
    },
    remove(tree, files) {
      if (!onDisk || files < manyFiles || !existsSync(tree)) return removeTree(tree)
      mkdirSync(join(folder, 'kept'), { recursive: true })
      renameSync(tree, join(folder, 'kept', String(kept++)))
    },
    [Symbol.dispose]: () => removeTree(folder),
  }
}

/** Prepares `workload` in `place`, and lets every contender run in turn, `runs` times. */
export async function measureWorkload(workload, { place, contenders, runs, scale, log = console.log }) {
  const base = join(place.folder, workload.name)
  const source = join(base, 'source')
  const old = join(base, 'old')
  mkdirSync(base)
  workload.prepare({ source, old, scale })
  const expected = listTree(source)
  const files = [...expected.values()].filter((listed) => listed.kind === 'file')
  const samples = Object.fromEntries(contenders.map(({ name }) => [name, []]))
  for (let run = 0; run < runs; run++)
    for (const contender of rotate(contenders, run)) {
      const scratch = join(base, 'scratch')
      const into = join(base, 'into')
      const result = join(into, basename(source))
      mkdirSync(result, { recursive: true })
      const hasOld = existsSync(old)
      if (hasOld) execFileSync('cp', ['-a', `${old}/.`, `${result}/`])
      await using started = await contender.start({ scratch, source })
      place.settle()
      const wireBefore = loopbackBytes()
      const figure = await started.run({ source, result, scratch, hasOld })
      if (place.onDisk) figure.durableSeconds = figure.totalSeconds + place.settle()
      if (wireBefore !== undefined) figure.wireBytes = loopbackBytes() - wireBefore
      const wrong = differences(expected, listTree(result), aspectsOf(contender))
      if (wrong.length > 0)
        throw new Error(`${contender.name} did not deliver ${workload.name}:\n${wrong.join('\n')}`)
      samples[contender.name].push(figure)
      const durable = place.onDisk ? `, on disk after ${figure.durableSeconds.toFixed(2)} s` : ''
      log(
        `${workload.name} ${run + 1}/${runs} ${contender.name} ${figure.totalSeconds.toFixed(2)} s${durable}`,
      )
      removeTree(scratch)
      place.remove(into, files.length)
    }
  place.remove(base, files.length)
  return {
    name: workload.name,
    title: workload.title(scale),
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    runs,
    summaries: Object.fromEntries(Object.entries(samples).map(([name, list]) => [name, summarize(list)])),
    samples,
  }
}

/** ferry is held to everything it promises, the others to content. */
function aspectsOf(contender) {
  return contender.name === 'ferry' ? undefined : ['kind', 'size', 'hash']
}

/** Another one starts each time, so that none always profits from what the one before has warmed. */
function rotate(list, by) {
  return list.map((_, index) => list[(index + by) % list.length])
}
