/**
 * Real ferry processes on 127.0.0.1: each has a data directory of its own, sees nothing of the user's settings, and
 * contacts nobody but the peers of the test.
 */
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startProcess, type Exit, type ProcessOptions, type RunningProcess } from './process.ts'

/** The compiled command. */
export const ferryCommand: string = resolve(import.meta.dirname, '..', '..', 'bundle', 'cli', 'main.js')
export const projectFolder: string = resolve(import.meta.dirname, '..', '..', '..')

export interface FerryOptions extends Omit<ProcessOptions, 'env'> {
  /** The data directory (FERRY_HOME); it is made if missing. */
  readonly home: string
  readonly env?: Readonly<Record<string, string>>
  /** A command that runs ferry in its turn, such as `ip netns exec NAME`. */
  readonly through?: readonly string[]
}

/** What a ferry process sees of its environment: the path to programs, its home, and what the test adds. */
export function ferryEnvironment({ home, env }: Pick<FerryOptions, 'home' | 'env'>): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    TMPDIR: process.env['TMPDIR'],
    LANG: 'C.UTF-8',
    HOME: home,
    FERRY_HOME: home,
    // It holds nothing but ferry's own compiled program.
    XDG_CACHE_HOME: join(tmpdir(), 'ferry-test-cache'),
    FERRY_LISTEN: '/ip4/127.0.0.1/tcp/0',
    ...env,
  }
}

export function startFerry(args: readonly string[], options: FerryOptions): RunningProcess {
  const [command, ...rest] = [...(options.through ?? []), process.execPath, ferryCommand, ...args]
  return startProcess(command as string, rest, { ...options, env: ferryEnvironment(options) })
}

export async function runFerry(args: readonly string[], options: FerryOptions): Promise<Exit> {
  return await startFerry(args, options).exit
}

export interface RunningShare extends RunningProcess {
  readonly ticket: string
  /** From the start of the process until the ticket was seen. */
  readonly ticketMs: number
}

/** A whole ticket: what ends it must have come too. In a line of its own, or in a line of JSON. */
const ticketPattern = /(ferry1[02-9ac-hj-np-z]+)[\s"]/

/** The line of `share --json` that says that everything is hashed. */
export const sealedPattern: RegExp = /"type":"plan".*"root":"/

export interface ShareOptions extends FerryOptions {
  readonly paths: readonly string[]
  readonly args?: readonly string[]
}

/** Starts `ferry share` and waits for its ticket; the process goes on serving until it is killed or disposed of. */
export async function startShare({ paths, args = [], ...options }: ShareOptions): Promise<RunningShare> {
  const started = performance.now()
  const share = startFerry(['share', '--no-dht', ...args, '--', ...paths], options)
  const match = await share.waitFor(ticketPattern)
  return Object.defineProperties(share, {
    ticket: { value: match[1] as string },
    ticketMs: { value: performance.now() - started },
  }) as RunningShare
}

export interface ReceiveOptions extends FerryOptions {
  readonly ticket: string
  /** Folder that the share is written into. */
  readonly into: string
  readonly args?: readonly string[]
}

function receiveArgs({ ticket, into, args = [] }: ReceiveOptions): string[] {
  return ['receive', '--no-dht', ...args, '--', ticket, into]
}

export function startReceive(options: ReceiveOptions): RunningProcess {
  return startFerry(receiveArgs(options), options)
}

/** Runs `ferry receive` to its end. */
export async function runReceive(options: ReceiveOptions): Promise<Exit> {
  return await startReceive(options).exit
}

/** The last line of `--json` output. */
export interface Summary {
  readonly ok: boolean
  readonly exitCode: number
  readonly files: { readonly done: number; readonly failed: number }
  readonly bytes: { readonly fetched: number; readonly reused: number }
}

export type JsonLine = { readonly v: 1; readonly type: string } & Record<string, unknown>

/** The lines of a `--json` run; throws when a line is not JSON. */
export function parseJsonLines(output: string): JsonLine[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonLine)
}

/** The summary of a `--json` run, which must be its last line. */
export function parseSummary(exit: Exit): Summary {
  const last = parseJsonLines(exit.stdout).at(-1)
  if (last?.type !== 'summary') throw new Error(`the last line is no summary: ${JSON.stringify(last)}`)
  return last as unknown as Summary
}

/** Every `ferry …` command line in the code blocks of a Markdown file. */
export function commandsInMarkdown(file: string): string[] {
  const blocks = readFileSync(resolve(projectFolder, file), 'utf8').matchAll(
    /^```(?:sh|text|console)?\n(.*?)^```/gms,
  )
  return [...blocks].flatMap(([, block]) =>
    [...(block as string).matchAll(/^(?:.*&& )?(?:npx )?(ferry .*?)(?:\s+#.*)?$/gm)].map(
      (match) => match[1] as string,
    ),
  )
}
