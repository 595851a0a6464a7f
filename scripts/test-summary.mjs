// A reporter for node:test: a dot a test, every failure in full, and the counts as JSON in the file that
// FERRY_TEST_COUNTS names, from which scripts/test.mjs makes its last line.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'

const dotsPerLine = 100

export default async function* summary(source) {
  const skips = []
  const failures = []
  const failedFiles = new Set()
  /** File → what it wrote to standard error; it tells why a file did not even load. */
  const errorOutput = new Map()
  let counts = { passed: 0, failed: 0, skipped: 0 }
  let dots = 0
  for await (const { type, data } of source) {
    if (type === 'test:pass' || type === 'test:fail') {
      if (data.details?.type === 'suite') continue
      const skipped = data.skip !== undefined
      yield type === 'test:fail' ? 'X' : skipped ? '-' : '.'
      if (++dots % dotsPerLine === 0) yield '\n'
      if (skipped)
        skips.push(`- skipped: ${data.name}${typeof data.skip === 'string' ? ` (${data.skip})` : ''}`)
      if (type === 'test:fail') {
        const error = data.details.error
        const where = data.file === undefined ? '' : ` (${relative('.', data.file)})`
        failures.push(`✖ ${data.name}${where}\n${error?.cause?.stack ?? error?.stack ?? error}`)
        failedFiles.add(data.file)
      }
    } else if (type === 'test:stderr') {
      errorOutput.set(data.file, (errorOutput.get(data.file) ?? '') + data.message)
    } else if (type === 'test:summary' && data.file === undefined) {
      const { passed, failed, cancelled, skipped, todo } = data.counts
      counts = { passed, failed: failed + cancelled, skipped: skipped + todo }
    }
  }
  yield '\n'
  for (const text of [...skips, ...failures]) yield `\n${text}\n`
  for (const file of failedFiles)
    if (errorOutput.has(file))
      yield `\nstandard error of ${relative('.', file ?? '')}\n${errorOutput.get(file)}\n`
  if (process.env.FERRY_TEST_COUNTS) writeFileSync(process.env.FERRY_TEST_COUNTS, JSON.stringify(counts))
}
