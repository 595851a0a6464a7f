/**
 * What somebody wants when a job has ended: a notice (`--notify`), or a command of their own (`--on-complete`,
 * `--on-failure`). They run when everything has been said, never change the exit code, and not at all when the user
 * stopped the job. Facts reach the command in its environment only: a name from outside is never part of a shell's text.
 */
import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import type { Snapshot } from '../progress/events.ts'
import { escapeText } from '../shared/terminal-text.ts'
import { formatBytes, formatElapsed, formatPlural } from '../shared/units.ts'
import { exitCodes } from './exit-codes.ts'
import { notifyUser } from './notify-user.ts'
import type { Terminal } from './terminal.ts'

export interface EndHooks {
  readonly notify: boolean
  /** Commands for the shell. */
  readonly onComplete: string | undefined
  readonly onFailure: string | undefined
}

/** What a command has told when it ended. */
export interface CommandEnd {
  readonly snapshot: Snapshot | undefined
  /** Where it was written to, when it was. */
  readonly destination: string | undefined
  readonly error: string | undefined
}

/** Who stopped it knows that it has ended. */
const stoppedCodes: readonly number[] = [
  exitCodes.hangup,
  exitCodes.interrupted,
  exitCodes.brokenPipe,
  exitCodes.terminated,
]

export function addEndOptions(command: Command): Command {
  return command
    .option('--notify', 'tell the desktop, or else the terminal, when it has ended')
    .option('--on-complete <cmd>', 'shell command to run when all is done')
    .option('--on-failure <cmd>', 'shell command to run when something failed')
}

/** Undefined when nothing is wanted. */
export function endHooksOf(command: Command): EndHooks | undefined {
  const { notify = false, onComplete, onFailure } = command.opts<Partial<EndHooks>>()
  return notify || onComplete !== undefined || onFailure !== undefined
    ? { notify, onComplete, onFailure }
    : undefined
}

/** Never rejects: what goes wrong here is said on stderr. */
export async function runEndHooks(
  hooks: EndHooks,
  kind: string,
  exitCode: number,
  end: CommandEnd,
  terminal: Terminal,
): Promise<void> {
  if (stoppedCodes.includes(exitCode)) return
  const warn = (text: string): void => terminal.err(`  ! ${escapeText(text)}\n`)
  const isDone = exitCode === exitCodes.ok
  if (hooks.notify && !(await notifyUser(terminal, titleOf(kind, isDone, end), textOf(end))))
    warn('--notify: neither this terminal nor a desktop can show a notice')
  const [option, line] = isDone
    ? (['--on-complete', hooks.onComplete] as const)
    : (['--on-failure', hooks.onFailure] as const)
  if (line === undefined) return
  const problem = await runLine(line, factsOf(kind, exitCode, end), terminal)
  if (problem !== undefined) warn(`The command of ${option} ${problem}`)
}

const doneWords: Readonly<Record<string, string>> = { share: 'Fetched', receive: 'Received', sync: 'Synced' }

function titleOf(kind: string, isDone: boolean, { snapshot }: CommandEnd): string {
  const name = snapshot?.name ?? ''
  const what = name === '' ? '' : ` ${name}`
  return isDone ? `${doneWords[kind] ?? 'Done'}${what}` : `Could not ${kind}${what}`
}

function textOf({ snapshot, error }: CommandEnd): string {
  if (error !== undefined) return error
  if (!snapshot) return ''
  const { files, bytes, elapsedMs } = snapshot
  const failed = files.failed > 0 ? `${formatPlural(files.failed, 'file')} failed, ` : ''
  return `${failed}${formatPlural(files.done, 'file')}, ${formatBytes(bytes.done)} in ${formatElapsed(elapsedMs)}`
}

function factsOf(kind: string, exitCode: number, end: CommandEnd): Record<string, string> {
  const { snapshot, destination, error } = end
  const facts: Record<string, string | number | undefined> = {
    ID: snapshot?.id,
    KIND: kind,
    NAME: snapshot?.name,
    STATE: exitCode === exitCodes.ok ? 'done' : 'failed',
    EXIT_CODE: exitCode,
    FILES: snapshot?.files.done ?? 0,
    FAILED_FILES: snapshot?.files.failed ?? 0,
    BYTES: snapshot?.bytes.done ?? 0,
    SECONDS: Math.round((snapshot?.elapsedMs ?? 0) / 1000),
    DESTINATION: destination,
    ERROR: error,
  }
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      `FERRY_JOB_${name}`,
      // The environment cannot hold this one character.
      String(value ?? '').replaceAll('\0', ''),
    ]),
  )
}

/** Its output goes to stderr, since stdout holds results. The end of the sentence that says what went wrong. */
function runLine(
  line: string,
  facts: Readonly<Record<string, string>>,
  { io }: Terminal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(line, {
      shell: true,
      cwd: io.cwd(),
      env: { ...io.env, ...facts },
      stdio: ['ignore', 2, 2],
    })
    child.on('error', (error) => resolve(`could not be run: ${error.message}`))
    child.on('exit', (code, signal) =>
      resolve(code === 0 ? undefined : `ended with ${code === null ? signal : `exit code ${code}`}`),
    )
  })
}
