/**
 * What a running daemon leaves for its clients, in a folder of the user's own: where it listens (`daemon.json`) and the
 * token (`token`), both 0600. The token stays the same from one daemon to the next, so that an open page goes on.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, rmSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { makePrivateDirectory, resolveDirectories } from '../shared/directories.ts'
import { FerryError, isSystemError, toFerryError } from '../shared/errors.ts'
import { writeFileAtomic } from '../shared/write-file.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where a daemon can be asked. */
export type DaemonAddress = { readonly port: number } | { readonly socketPath: string }

export interface DaemonInfo {
  readonly pid: number
  readonly version: string
  readonly startedAtMs: number
  readonly address: DaemonAddress
}

/** Absolute; nothing is made. FERRY_HOME goes before the session's own folder, which is the usual place. */
export function runtimeDirectory(environment: Environment = process.env): string {
  const { FERRY_HOME: home, XDG_RUNTIME_DIR: session } = environment
  if ((home === undefined || home === '') && session !== undefined && isAbsolute(session))
    return join(session, 'ferry')
  return join(resolveDirectories(environment).state, 'run')
}

const infoPath = (directory: string): string => join(directory, 'daemon.json')
export const tokenPath = (directory: string): string => join(directory, 'token')

const tokenBytes = 32
const tokenPattern = /^[\w-]{43}$/

export function createToken(): string {
  return randomBytes(tokenBytes).toString('base64url')
}

/** The token of before, if it is whole and was nobody else's to read, or a new one. @throws E_PERMISSION, E_IO */
export function keepToken(directory: string): string {
  const path = tokenPath(directory)
  try {
    makePrivateDirectory(directory)
    const file = openSync(path, 'a+', 0o600)
    try {
      const { mode, uid } = fstatSync(file)
      const isOurs = process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0)
      const known = readFileSync(path, 'latin1').trim()
      if (isOurs && tokenPattern.test(known)) return known
    } finally {
      closeSync(file)
    }
    const token = createToken()
    writeFileAtomic(path, `${token}\n`)
    return token
  } catch (error) {
    throw toFerryError(error, `Cannot keep the token in "${path}"`)
  }
}

/** @throws E_PERMISSION, E_IO, E_NO_SPACE */
export function writeInfo(directory: string, info: DaemonInfo): void {
  try {
    writeFileAtomic(infoPath(directory), `${JSON.stringify(info)}\n`)
  } catch (error) {
    throw toFerryError(error, `Cannot write "${infoPath(directory)}"`)
  }
}

/** Removes it if it is still this process's. */
export function removeInfo(directory: string): void {
  if (readInfo(directory)?.pid === process.pid) rmSync(infoPath(directory), { force: true })
}

/** Undefined when no daemon has left one, or it cannot be understood. Whether that daemon still runs is another question. */
export function readInfo(directory: string): DaemonInfo | undefined {
  try {
    const info = JSON.parse(readFileSync(infoPath(directory), 'utf8')) as Partial<DaemonInfo> | null
    const { pid, version, startedAtMs, address } = info ?? {}
    if (typeof pid !== 'number' || typeof version !== 'string' || typeof startedAtMs !== 'number')
      return undefined
    const isPort = address && 'port' in address && Number.isInteger(address.port)
    const isSocket = address && 'socketPath' in address && typeof address.socketPath === 'string'
    return isPort || isSocket ? { pid, version, startedAtMs, address } : undefined
  } catch {
    return undefined
  }
}

/** @throws E_NOT_FOUND when there is none, E_PERMISSION when it cannot be read */
export function readToken(directory: string): string {
  const path = tokenPath(directory)
  try {
    return readFileSync(path, 'latin1').trim()
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT')
      throw new FerryError('E_NOT_FOUND', 'Cannot reach the daemon: it has left no token', {
        hint: 'start it with: ferry daemon start',
      })
    throw toFerryError(error, `Cannot read the token in "${path}"`)
  }
}

/** For logs of a daemon in the background. */
export function logPath(environment: Environment): string {
  return join(resolveDirectories(environment).state, 'daemon.log')
}
