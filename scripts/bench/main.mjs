// `npm run bench`: ferry against rsync, scp, tar and cp on this machine, over loopback, in turn in one run.
//   npm run bench -- [--quick] [--only WORKLOAD]… [--against CONTENDER]… [--runs N] [--folder DIR] [--no-save]
// What it measures: from the start of `ferry share` to the end of `ferry receive`, both new processes with empty data
// directories, against the run time of each other client. Every result is compared with the source.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    against: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string' },
    folder: { type: 'string' },
    'no-save': { type: 'boolean', default: false },
  },
})
const scale = options.quick ? 0.125 : 1
const runs = Number(options.runs ?? (options.quick ? 1 : 3))
if (!Number.isInteger(runs) || runs < 1) fail('--runs wants a whole number from 1')

if (spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' }).status !== 0)
  process.exit(1)
const { contenders, missingPrograms } = await import('./contenders.mjs')
const { workloads } = await import('./workloads.mjs')
const { describeCommit, describeMachine, describeVersions, freeBytes, loopbackBytes } = await import(
  './machine.mjs'
)
const { formatRatios, formatWorkload, mediansOf } = await import('./report.mjs')
const { differences, listTree } = await import('../../dist/test/support/listing.js')
const { removeTree } = await import('../../dist/test/support/temporary-folder.js')

const chosenWorkloads = choose(workloads, options.only, '--only')
const chosenContenders = choose(
  contenders,
  options.against.length > 0 ? ['ferry', ...options.against] : [],
  '--against',
).filter((contender) => {
  const missing = missingPrograms(contender)
  if (missing.length > 0) console.log(`${contender.name} is skipped: ${missing.join(', ')} not installed`)
  return missing.length === 0
})

const parent = options.folder ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
// Source, old version and result of the largest workload, and the data directories.
const neededBytes = 3.5 * 2 ** 30 * scale
if (freeBytes(parent) < neededBytes)
  fail(
    `${parent} has too little room; ${(neededBytes / 2 ** 30).toFixed(1)} GiB are needed`,
    'choose another place with --folder DIR, or use --quick',
  )
const folder = mkdtempSync(join(parent, 'ferry-bench-'))
process.on('exit', () => removeTree(folder))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const results = []
for (const workload of chosenWorkloads) {
  const result = await measure(workload)
  results.push(result)
  console.log(formatWorkload(result))
}
console.log(formatRatios(results))
if (!options['no-save']) save()

/** Prepares a workload, and lets every contender run in turn, `runs` times. */
async function measure(workload) {
  const base = join(folder, workload.name)
  const source = join(base, 'source')
  const old = join(base, 'old')
  mkdirSync(base)
  workload.prepare({ source, old, scale })
  const expected = listTree(source)
  const files = [...expected.values()].filter((listed) => listed.kind === 'file')
  const figures = new Map()
  for (let run = 0; run < runs; run++)
    for (const contender of rotate(chosenContenders, run)) {
      const scratch = join(base, 'scratch')
      const result = join(base, 'into', basename(source))
      mkdirSync(result, { recursive: true })
      const hasOld = existsSync(old)
      if (hasOld) execFileSync('cp', ['-a', `${old}/.`, `${result}/`])
      await using started = await contender.start({ scratch, source })
      const wireBefore = loopbackBytes()
      const figure = await started.run({ source, result, scratch, hasOld })
      if (wireBefore !== undefined) figure.wireBytes = loopbackBytes() - wireBefore
      const wrong = differences(expected, listTree(result), aspectsOf(contender))
      if (wrong.length > 0)
        throw new Error(`${contender.name} did not deliver ${workload.name}:\n${wrong.join('\n')}`)
      figures.set(contender.name, [...(figures.get(contender.name) ?? []), figure])
      console.log(`${workload.name} ${run + 1}/${runs} ${contender.name} ${figure.totalSeconds.toFixed(2)} s`)
      removeTree(scratch)
      removeTree(join(base, 'into'))
    }
  removeTree(base)
  return {
    name: workload.name,
    title: workload.title(scale),
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    runs,
    medians: Object.fromEntries([...figures].map(([name, list]) => [name, mediansOf(list)])),
    figures: Object.fromEntries(figures),
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

function choose(all, names, option) {
  for (const name of names)
    if (!all.some((each) => each.name === name))
      fail(`${option} ${name} is not known`, `choose from: ${all.map((each) => each.name).join(', ')}`)
  return names.length === 0 ? all : all.filter((each) => names.includes(each.name))
}

function save() {
  const commit = describeCommit()
  const target = join(root, 'bench', 'results')
  const file = join(
    target,
    `${new Date().toISOString().slice(0, 10)}-${commit}${options.quick ? '-quick' : ''}.json`,
  )
  mkdirSync(target, { recursive: true })
  const record = {
    version: 1,
    measuredAt: new Date().toISOString(),
    commit,
    quick: options.quick,
    machine: describeMachine(folder),
    versions: describeVersions(),
    workloads: results,
  }
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
  console.log(`\nSaved as ${file.slice(root.length + 1)}`)
}

function fail(message, hint) {
  console.error(`bench: ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`)
  process.exit(2)
}
