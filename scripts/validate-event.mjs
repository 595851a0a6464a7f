// Checks events of the HTTP API against the schema ProgressEvent of its description: reads them from standard input, one
// object, a list of them, or a stream as `curl -N` prints it.
//   curl … /api/v1/transfers/ID/progress | node scripts/validate-event.mjs
import { readFileSync } from 'node:fs'
import { safeParse } from 'valibot'
import { progressEventSchema } from '../dist/src/daemon/api/event-schema.js'

/** What a schema cannot say: which fields belong together. */
function rulesBroken({ state, step, stepNumber, progress, error, kind, ticket }) {
  const isDone = state === 'done'
  return [
    isDone !== (step === 'completed') && `state ${state} at step ${step}`,
    isDone !== (progress === 100) && `state ${state} with ${progress} %`,
    (isDone || state === 'failed' || state === 'cancelled') && stepNumber !== 6 && 'ended before step 6',
    (state === 'failed') !== (error !== undefined) && 'an error belongs to what failed, and to nothing else',
    kind !== 'share' && ticket !== undefined && 'only a share has a ticket',
  ].filter((problem) => problem !== false)
}

const text = readFileSync(process.argv[2] ?? 0, 'utf8').trim()
const isStream = /^(?:id|event|data|retry|:)/.test(text)
const events = isStream
  ? text
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .map((line) => JSON.parse(line.slice('data:'.length)))
  : [JSON.parse(text)].flat()
let failures = 0
for (const [index, event] of events.entries()) {
  const result = safeParse(progressEventSchema, event)
  const problems = result.success
    ? rulesBroken(event)
    : result.issues.map(({ path, message }) => `${path?.map(({ key }) => key).join('.') ?? ''}: ${message}`)
  if (problems.length > 0) failures++
  for (const problem of problems) console.error(`event ${index + 1}: ${problem}`)
}
if (events.length === 0 || failures > 0) {
  console.error(
    events.length === 0 ? 'no event' : `${failures} of ${events.length} events are not as they should be`,
  )
  process.exit(1)
}
console.log(`${events.length} ${events.length === 1 ? 'event is' : 'events are'} as they should be`)
