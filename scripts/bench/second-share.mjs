// Sharing a tree that is known already: from the start of the process to the sealed root, and proof that no content is
// read. The proof is a run of its own under strace, which counts the files of the tree that are opened.
//   npm run build && node scripts/bench/second-share.mjs [--rounds N] [--files N] [--folder DIR] [--json]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parseJsonLines, sealedPattern, startShare } from '../../dist/test/support/ferry.js'
import { writeRandomTree } from '../../dist/test/support/random-files.js'
import { removeTree } from '../../dist/test/support/temporary-folder.js'
import { memoryFolder } from './machine.mjs'
import { countOpenedFiles } from './parsers.mjs'
import { median } from './report.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    files: { type: 'string', default: '100000' },
    folder: { type: 'string', default: memoryFolder() },
    json: { type: 'boolean', default: false },
  },
})
const files = Number(options.files)
const folder = mkdtempSync(join(options.folder, 'ferry-second-share-'))
process.on('exit', () => removeTree(folder))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))
const tree = join(folder, 'tree')
const home = join(folder, 'home')
writeRandomTree(tree, { files, bytesEach: 1024, seed: 'second share' })
// A file that was changed less than two seconds before it was read is read again the next time, and rightly so.
await sleep(2500)

/** Shares the tree until all of it is known. */
async function shareOnce(through = []) {
  const startedMs = performance.now()
  const share = await startShare({ home, paths: [tree], args: ['--json'], through })
  try {
    await share.waitFor(sealedPattern)
    const seconds = (performance.now() - startedMs) / 1000
    const plan = parseJsonLines(share.stdout.slice(0, share.stdout.lastIndexOf('\n') + 1)).findLast(
      ({ type, root }) => type === 'plan' && root,
    )
    return { seconds, files: plan.files, bytesRead: bytesRead(share.pid) }
  } finally {
    share.kill('SIGTERM')
    await share.exit
    await share[Symbol.asyncDispose]()
  }
}

/** All bytes that a process has got from read calls: its own code, its store, and content if it reads any. */
function bytesRead(pid) {
  return Number(/^rchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1])
}

/** Runs once more under strace, which stands aside (-D), so that the process and its signals are ferry's own. */
async function openedFiles() {
  // Some containers have strace and not the right to trace.
  if (spawnSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' }).status !== 0)
    return undefined
  const log = join(folder, 'strace.log')
  await shareOnce(['strace', '-D', '-f', '-qq', '-e', 'trace=open,openat,openat2', '-o', log])
  return countOpenedFiles(readFileSync(log, 'latin1'), tree)
}

const first = await shareOnce()
const again = []
for (let round = 0; round < Number(options.rounds); round++) again.push(await shareOnce())
const result = {
  files,
  contentBytes: files * 1024,
  firstSeconds: first.seconds,
  firstBytesRead: first.bytesRead,
  secondSeconds: median(again.map(({ seconds }) => seconds)),
  secondBytesRead: median(again.map((run) => run.bytesRead)),
  /** Files of the tree that were opened; undefined where strace cannot be run. */
  openedFiles: await openedFiles(),
  samples: again,
}
if (options.json) console.log(JSON.stringify(result))
else
  console.log(
    [
      `${files} files: first share ${result.firstSeconds.toFixed(2)} s, again ${result.secondSeconds.toFixed(2)} s (median of ${options.rounds})`,
      `  read by the process: first ${result.firstBytesRead} bytes, again ${result.secondBytesRead}; content is ${result.contentBytes}`,
      `  files of the tree opened when shared again: ${result.openedFiles ?? 'not counted, strace cannot be run'}`,
    ].join('\n'),
  )
