/**
 * A daemon of one's own: a child that ends with this process, whatever ends it, because it reads a pipe whose other end is
 * here. Nobody else is told where it listens.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineClient } from '../../daemon/client.ts'
import type { DaemonInfo } from '../../daemon/runtime-files.ts'
import { FerryError } from '../../shared/errors.ts'
import type { CommandHost } from '../command-host.ts'

export interface PrivateDaemon extends AsyncDisposable {
  readonly client: EngineClient
  /** Ends it without waiting for anything to be freed; what is saved is whole. */
  kill(): void
}

const startTimeoutMs = 20_000
const maxErrorChars = 4000
/** Saving and closing everything takes less. */
const endTimeoutMs = 30_000

/** `args` stand behind `daemon run`. @throws what it said when it could not start; E_TIMEOUT */
export async function startPrivateDaemon(
  host: CommandHost,
  args: readonly string[] = [],
  onLink: (link: 'connected' | 'reconnecting') => void = () => undefined,
): Promise<PrivateDaemon> {
  const program = process.argv[1]
  if (program === undefined) throw new FerryError('E_INTERNAL', 'Cannot start the engine: no program')
  // Short, since the path of a socket has 108 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), 'ferry-'))
  const where = process.platform === 'win32' ? ['--port', '0'] : ['--socket', join(folder, 'engine.sock')]
  const child = spawn(
    process.execPath,
    [program, 'daemon', 'run', '--ephemeral', '--plain', '-q', ...where, ...args],
    {
      cwd: host.io.cwd(),
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...host.io.env },
      // Ctrl-C and Ctrl-Z of the terminal are for this process; it ends the child itself.
      detached: true,
    },
  )
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  void exited.then(removeFolder)
  child.stdin.on('error', () => undefined)
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-maxErrorChars)
  })
  try {
    const first = await firstLine(child.stdout, exited)
    if (first === undefined) throw failure(errors)
    const { token, ...info } = JSON.parse(first) as DaemonInfo & { readonly token: string }
    const { createEngineClient } = await import('../../daemon/client.ts')
    const client = createEngineClient({ address: info.address, token, onLink })
    return {
      client,
      kill: () => void child.kill('SIGKILL'),
      async [Symbol.asyncDispose](): Promise<void> {
        await client[Symbol.asyncDispose]()
        child.stdin.end()
        const timer = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs)
        await exited
        clearTimeout(timer)
      },
    }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** Undefined when it ended without one. */
async function firstLine(stream: NodeJS.ReadableStream, ended: Promise<void>): Promise<string | undefined> {
  let text = ''
  const line = new Promise<string>((resolve) => {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end))
    })
  })
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new FerryError('E_TIMEOUT', 'Cannot start the engine: it does not answer')),
    startTimeoutMs,
  )
  try {
    return await Promise.race([line, ended.then(() => undefined), late])
  } finally {
    clearTimeout(timer)
  }
}

/** In its own words. */
function failure(errors: string): FerryError {
  const message = /^ferry: (.*)$/m.exec(errors)?.[1] ?? 'Cannot start the engine of ferry'
  const hint = /^ {2}hint: (.*)$/m.exec(errors)?.[1]
  return new FerryError('E_CONFLICT', message, { hint })
}
