/**
 * Loads the program that is in `run.ts`, runs it, and ends the process. In the bundle the program is one file beside this
 * one, which is loaded with the code that V8 made of it in an earlier run.
 */
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheDirectory } from '../shared/directories.ts'
import type { CommandHost } from './command-host.ts'
import { loadScript } from './compiled-code.ts'
import { limitGarbage } from './limit-garbage.ts'
import type { reportCrash, run, withUsualLimits } from './run.ts'

interface Program {
  readonly run: typeof run
  readonly reportCrash: typeof reportCrash
  readonly withUsualLimits: typeof withUsualLimits
}

/** A run with so much content has called what other runs will call. */
const manyBytes = 8 * 1024 * 1024
/** Memory of a process that is well below its promised 250 MiB, and above what a single large file ever takes. */
const crowdedBytes = 176 * 1024 * 1024

export async function start(args: readonly string[], version: string): Promise<void> {
  const cache = process.env['NODE_DISABLE_COMPILE_CACHE'] === '1' ? undefined : cacheDirectory()
  // For the files that are not in the bundle, and for threads.
  if (cache !== undefined) enableCompileCache(join(cache, 'node'))
  const { program, keep } = await loadProgram(args, cache)
  process.on('uncaughtException', program.reportCrash)
  const { onContent, end } = watchContent(() => program.withUsualLimits(keep))
  const exitCode = await program.run(args, version, process, { onContent, loadTui })
  end()
  // Handles that a library left open must not keep a finished command alive; what was written goes out first.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))
}

/** Only when it is asked for: React takes longer than everything else together. */
const loadTui = async (): ReturnType<NonNullable<CommandHost['loadTui']>> =>
  await import('../tui/open-tui.ts')

async function loadProgram(
  args: readonly string[],
  cache: string | undefined,
): Promise<{ readonly program: Program; readonly keep: () => void }> {
  const bundle = fileURLToPath(new URL('./program.cjs', import.meta.url))
  if (!existsSync(bundle)) return { program: await import('./run.ts'), keep: () => undefined }
  const example = exampleOf(args)
  const { exports, keep } = loadScript<Program>(bundle, cache, example ?? 'receive', partsOfProgram)
  return { program: exports, keep: example === undefined ? () => undefined : keep }
}

/** As `scripts/build.mjs` leaves them out of the program. */
const partsOfProgram = ['./aws-client.cjs', './ssh-library.cjs']

/**
 * Commands that call different parts of the program: each is an example for itself. What a receive calls is near to all
 * that are not named here, and they are an example for none.
 */
function exampleOf(args: readonly string[]): string | undefined {
  const command = args.find((arg) => ['share', 'receive', 'get', 'sync'].includes(arg))
  if (command === 'get') return 'receive'
  if (command !== 'sync') return command
  if (args.some((arg) => arg.startsWith('s3:'))) return 'sync-s3'
  return args.some((arg) => !arg.startsWith('-') && arg.includes(':')) ? 'sync-remote' : 'sync'
}

/**
 * The compiled code is kept when there was content: who was misunderstood or found nothing has called too little to be an
 * example for later runs. Garbage is limited when memory gets short, which many small files bring about; the code is kept
 * before that, since it is good only for the flags under which it was made.
 */
function watchContent(keep: () => void): { onContent(bytes: number): void; end(): void } {
  let seen = 0
  let isLimited = false
  return {
    onContent(bytes) {
      if (seen < manyBytes && bytes >= manyBytes) keep()
      seen = Math.max(seen, bytes)
      if (isLimited || seen < manyBytes || process.memoryUsage.rss() < crowdedBytes) return
      isLimited = true
      limitGarbage()
    },
    end() {
      if (seen > 0 && seen < manyBytes) keep()
    },
  }
}
