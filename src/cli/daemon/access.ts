/** How a command reaches the daemon: the one that runs, or one that is started for it. Loads HTTP only then. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { EngineClient, EngineClientOptions, FoundDaemon } from '../../daemon/client.ts'
import { delay } from '../../shared/concurrency.ts'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import type { CommandHost } from '../command-host.ts'

/** Undefined when none runs. */
export async function findRunning(
  host: CommandHost,
  options: Pick<EngineClientOptions, 'onLink'> = {},
): Promise<FoundDaemon | undefined> {
  const { findDaemon } = await import('../../daemon/client.ts')
  const { runtimeDirectory } = await import('../../daemon/runtime-files.ts')
  return await findDaemon(runtimeDirectory(host.io.env), options)
}

/** @throws E_NOT_FOUND when none runs */
export async function requireDaemon(host: CommandHost): Promise<EngineClient> {
  const found = await findRunning(host)
  if (found) return found.client
  throw new FerryError('E_NOT_FOUND', 'Cannot ask the daemon: none is running', {
    hint: 'start it with: ferry daemon start',
  })
}

/** A daemon that has not answered by then is looked at in its log. */
const startTimeoutMs = 20_000
const lookEveryMs = 50
/** What a daemon that failed has said last. */
const logTailBytes = 2000

/**
 * The daemon that runs, or a new one in the background with these arguments behind `daemon run`.
 * @throws what the new one said when it could not start; E_TIMEOUT
 */
export async function startDaemon(
  host: CommandHost,
  args: readonly string[] = [],
): Promise<FoundDaemon & { readonly isNew: boolean }> {
  const running = await findRunning(host)
  if (running) return { ...running, isNew: false }
  const { logPath } = await import('../../daemon/runtime-files.ts')
  const log = logPath(host.io.env)
  const file = openLog(log)
  const before = statSync(log).size
  const program = process.argv[1]
  if (program === undefined) throw new FerryError('E_INTERNAL', 'Cannot start the daemon: no program')
  const child = spawn(process.execPath, [program, 'daemon', 'run', '--plain', ...args], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', file, file],
    env: { ...host.io.env },
  })
  closeSync(file)
  const ended = new Promise<true>((resolve) => {
    child.once('error', () => resolve(true))
    child.once('exit', () => resolve(true))
  })
  child.unref()
  for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += lookEveryMs) {
    const isOver = await Promise.race([ended, delay(lookEveryMs)])
    const found = await findRunning(host)
    // Another one may have been quicker.
    if (found) return { ...found, isNew: found.info.pid === child.pid }
    if (isOver) throw startFailure(log, before)
  }
  throw new FerryError('E_TIMEOUT', 'Cannot start the daemon: it does not answer', { hint: `see ${log}` })
}

function openLog(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return openSync(path, 'a', 0o600)
  } catch (error) {
    throw toFerryError(error, `Cannot write the log "${path}"`)
  }
}

/** In the words of the daemon itself. */
function startFailure(log: string, before: number): FerryError {
  const text = readFileSync(log).subarray(before).subarray(-logTailBytes).toString()
  const message = /^ferry: (.*)$/m.exec(text)?.[1] ?? 'Cannot start the daemon'
  const hint = /^ {2}hint: (.*)$/m.exec(text)?.[1] ?? `see ${log}`
  return new FerryError('E_CONFLICT', message, { hint })
}
