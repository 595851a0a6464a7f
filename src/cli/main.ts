#!/usr/bin/env node
/**
 * The first file that runs: it answers `--version` and `--help` without loading anything else, and refuses a Node that is
 * too old in plain words, so it must itself stay readable for Node 18. Everything else begins in `start.ts`.
 */
import { readFileSync } from 'node:fs'
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
        '  hint: install it from https://nodejs.org, or run npx ferry in the clone, which brings one\n',
    )
    process.exitCode = 2
    return
  }
  const { start } = await import('./start.ts')
  await start(args, version())
}

await main(process.argv.slice(2))
