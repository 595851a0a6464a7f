#!/usr/bin/env node
/**
 * The first file that runs: it answers `--version` and `--help` without loading anything else, and refuses a Node that is
 * too old in plain words, so it must itself stay readable for Node 18. Everything else is in `run.ts`.
 */
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { mainHelp } from './help-text.ts'

const minNodeMajor = 24

function version(): string {
  const file = new URL('../../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

async function main(args: string[]): Promise<void> {
  const first = args[0]
  if (first === '--version' || first === '-V') {
    process.stdout.write(`${version()}\n`)
    return
  }
  if (first === '--help' || first === '-h' || (first === 'help' && args.length === 1)) {
    process.stdout.write(mainHelp)
    return
  }
  if (Number.parseInt(process.versions.node, 10) < minNodeMajor) {
    process.stderr.write(
      `ferry: Node.js ${minNodeMajor} or newer is needed, this is ${process.versions.node}\n` +
        '  hint: install it from https://nodejs.org, or run: npx -p node@24 -p ferry ferry …\n',
    )
    process.exitCode = 2
    return
  }
  // Buffers of content die young. A young generation that grows keeps about 100 MiB of dead ones: with V8's default a
  // receive of 1 GiB peaks at 350 MiB, so at 245 MiB, in the same time. Threads started later take it over.
  setFlagsFromString('--semi-space-growth-factor=1')
  enableCompileCache()
  const { reportCrash, run } = await import('./run.ts')
  process.on('uncaughtException', reportCrash)
  const exitCode = await run(args, version())
  // Handles that a library left open must not keep a finished command alive; what was written goes out first.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))
}

await main(process.argv.slice(2))
