// How much longer than an empty Node `ferry --version` and `ferry --help` take: new processes, in turn.
//   npm run build && node scripts/bench/start-up.mjs [--rounds N] [--json]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ferryCommand, ferryEnvironment } from '../../dist/test/support/ferry.js'
import { removeTree } from '../../dist/test/support/temporary-folder.js'
import { median } from './report.mjs'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '21' }, json: { type: 'boolean', default: false } },
})
const folder = mkdtempSync(join(tmpdir(), 'ferry-start-up-'))
process.on('exit', () => removeTree(folder))
const emptyModule = join(folder, 'empty.mjs')
writeFileSync(emptyModule, '')

const commands = {
  emptyNode: [emptyModule],
  version: [ferryCommand, '--version'],
  help: [ferryCommand, '--help'],
}
const env = ferryEnvironment({ home: join(folder, 'home') })
const samples = Object.fromEntries(Object.keys(commands).map((name) => [name, []]))
for (let round = 0; round < Number(options.rounds); round++)
  for (const [name, args] of Object.entries(commands)) {
    const startedMs = performance.now()
    const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${args.join(' ')} failed: ${stderr}`)
    samples[name].push(performance.now() - startedMs)
  }

const medians = Object.fromEntries(Object.entries(samples).map(([name, list]) => [name, median(list)]))
const result = {
  emptyNodeMs: medians.emptyNode,
  versionExtraMs: medians.version - medians.emptyNode,
  helpExtraMs: medians.help - medians.emptyNode,
  samplesMs: samples,
}
if (options.json) console.log(JSON.stringify(result))
else
  console.log(
    `empty Node ${result.emptyNodeMs.toFixed(0)} ms; more than that: --version ${result.versionExtraMs.toFixed(0)} ms, --help ${result.helpExtraMs.toFixed(0)} ms (median of ${options.rounds})`,
  )
