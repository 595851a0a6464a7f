// Result files: one JSON a run in bench/results, with the machine, the versions and the commit. `kind` is bench, scaling
// or links. What is quick or was measured on a changed tree is told in its name and is no result to show.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeCommit } from './machine.mjs'

export const projectFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const resultsFolder = join(projectFolder, 'bench', 'results')
const version = 2

/** @returns the path of the new file, relative to the project. */
export function saveResult(kind, { quick = false, ...record }) {
  const measuredAt = new Date().toISOString()
  const commit = describeCommit()
  const name = [measuredAt.slice(0, 16).replaceAll(':', ''), commit, kind, ...(quick ? ['quick'] : [])]
  const file = join(resultsFolder, `${name.join('-')}.json`)
  mkdirSync(resultsFolder, { recursive: true })
  writeFileSync(file, `${JSON.stringify({ version, kind, measuredAt, commit, quick, ...record }, null, 1)}\n`)
  return file.slice(projectFolder.length + 1)
}

/** The newest full result of a kind that `accept` wants, with the path of its file; undefined when there is none. */
export function latestResult(kind, accept = () => true) {
  const results = readdirSync(resultsFolder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({
      file: `bench/results/${name}`,
      ...JSON.parse(readFileSync(join(resultsFolder, name))),
    }))
    .filter((result) => result.version === version && result.kind === kind && !result.quick && accept(result))
  return results.sort((a, b) => (a.measuredAt < b.measuredAt ? -1 : 1)).at(-1)
}
