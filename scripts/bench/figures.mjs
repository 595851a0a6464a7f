// Single figures: each is measured by a program of its own, beside this file, which prints its result as JSON.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Name → arguments of a full run, and of a quick one. */
const figures = {
  wire: { full: [], quick: ['--rounds', '1', '--mebibytes', '256'] },
  ingest: { full: [], quick: ['--rounds', '2', '--mebibytes', '256'] },
  'second-share': { full: [], quick: ['--rounds', '1', '--files', '12500'] },
  'start-up': { full: [], quick: ['--rounds', '5'] },
}

export const figureNames = Object.keys(figures)

/** Runs one program to its end and returns what it measured. */
export function measureFigure(name, { quick }) {
  const program = join(import.meta.dirname, `${name}.mjs`)
  const args = [program, '--json', ...figures[name][quick ? 'quick' : 'full']]
  const run = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  })
  if (run.status !== 0) throw new Error(`${name} could not be measured (exit code ${run.status})`)
  return JSON.parse(run.stdout)
}
