// Checks that the progress of a command is worth watching: reads its `--json` lines from standard input, or from a file.
//   ferry receive --json TICKET | node scripts/assert-progress.mjs --max-gap-ms 1000
// Counters never fall, 100 percent means done, the last line is a summary, and while bytes move no two lines are further
// apart than the gap. Waiting for a peer is no movement. With --allow-failure the command itself may have failed.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'max-gap-ms': { type: 'string', default: '1000' },
    'min-lines': { type: 'string', default: '1' },
    'allow-failure': { type: 'boolean', default: false },
  },
})
const maxGapMs = Number(values['max-gap-ms'])
const minLines = Number(values['min-lines'])
if (!(maxGapMs > 0 && minLines >= 0)) {
  console.error('Cannot use these numbers\n  hint: --max-gap-ms 1000 --min-lines 1')
  process.exit(2)
}

const problems = []
const lines = []
for (const [index, text] of readFileSync(positionals[0] ?? 0, 'utf8')
  .split('\n')
  .entries()) {
  if (text === '') continue
  try {
    lines.push({ number: index + 1, ...JSON.parse(text) })
  } catch {
    problems.push(`line ${index + 1} is not JSON: ${text.slice(0, 80)}`)
  }
}

/** What may only grow, and makes a line one that tells of movement when it has. */
const countersOf = ({ files, bytes }) => ({
  'files.done': files.done,
  'bytes.done': bytes.done,
  'bytes.transferred': bytes.transferred,
})

const progress = lines.filter(({ type }) => type === 'progress')
let widestGapMs = 0
for (const [index, line] of progress.entries()) {
  const { number, step } = line
  if (line.progress === 100 && step !== 'completed') problems.push(`line ${number}: 100 % before it is done`)
  const before = progress[index - 1]
  if (before === undefined || before.id !== line.id) continue
  if (line.progress < before.progress) problems.push(`line ${number}: the percentage falls`)
  const [now, then] = [countersOf(line), countersOf(before)]
  for (const name of Object.keys(now))
    if (now[name] < then[name])
      problems.push(`line ${number}: ${name} falls from ${then[name]} to ${now[name]}`)
  const gapMs = Date.parse(line.ts) - Date.parse(before.ts)
  // The first line that has bytes stands behind a wait; from then on bytes are moving.
  const isMoving = then['bytes.done'] > 0 && now['bytes.done'] > then['bytes.done']
  if (!isMoving) continue
  widestGapMs = Math.max(widestGapMs, gapMs)
  if (gapMs > maxGapMs) problems.push(`line ${number}: nothing was told for ${gapMs} ms while bytes moved`)
}
if (progress.length < minLines) problems.push(`${progress.length} lines of progress, not ${minLines} or more`)
const last = lines.at(-1)
if (last?.type !== 'summary') problems.push('the last line is no summary')
else if (!last.ok && !values['allow-failure'])
  problems.push(`the command ended with exit code ${last.exitCode}`)

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(`${progress.length} lines of progress, the widest gap ${widestGapMs} ms`)
