/**
 * The SFTP calls of one connection, as promises. A call that fails on the server rejects with the status of the answer
 * (sftp-error.ts); when the connection is lost, all calls under way and all later ones reject with one error that
 * `isConnectionLost` knows, so that nobody waits for an answer that cannot come.
 */
import type { Attributes, Client, FileEntryWithStats, InputAttributes, SFTPWrapper, Stats } from 'ssh2'
import { FerryError } from '../../../shared/errors.ts'
import { escapeText } from '../../../shared/terminal-text.ts'
import { coalesceRequests } from './coalesce-requests.ts'
import { farewellMs, maxRequestBytes, safeRequestBytes } from './limits.ts'
import { prepareCipherKeys } from './prepare-cipher-keys.ts'
import type { RemoteSpace } from './sftp-error.ts'

export interface SftpFeatures {
  readonly copyData: boolean
  readonly posixRename: boolean
  readonly fsync: boolean
  readonly statvfs: boolean
  readonly lsetstat: boolean
  readonly hardlink: boolean
  /** A plain rename never replaces (OpenSSH links and unlinks), so that it is a condition too. */
  readonly renameKeeps: boolean
  /** Payload of one request at most. */
  readonly requestBytes: number
}

export type OpenFlags = 'read' | 'write-new' | 'write-existing'

export interface SftpChannel {
  readonly features: SftpFeatures
  readonly isLost: boolean
  /** Calls of callers that use this connection now; kept by the pool. */
  users: number
  open(path: string, flags: OpenFlags, mode?: number): Promise<Buffer>
  close(handle: Buffer): Promise<void>
  /** Bytes read into `buffer` at `at`, fewer than asked for perhaps; 0 at the end of the file. */
  read(handle: Buffer, buffer: Buffer, at: number, length: number, position: number): Promise<number>
  write(handle: Buffer, buffer: Buffer, at: number, length: number, position: number): Promise<void>
  fsync(handle: Buffer): Promise<void>
  fstat(handle: Buffer): Promise<Stats>
  fsetstat(handle: Buffer, attributes: InputAttributes): Promise<void>
  lstat(path: string): Promise<Stats>
  /** Follows links. */
  stat(path: string): Promise<Stats>
  setstat(path: string, attributes: InputAttributes): Promise<void>
  lsetstat(path: string, attributes: InputAttributes): Promise<void>
  opendir(path: string): Promise<Buffer>
  /** The next names; rejects with `endOfFile` when there are no more. */
  readdir(handle: Buffer): Promise<readonly FileEntryWithStats[]>
  readlink(path: string): Promise<string>
  symlink(target: string, path: string): Promise<void>
  mkdir(path: string, mode?: number): Promise<void>
  rmdir(path: string): Promise<void>
  unlink(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  posixRename(from: string, to: string): Promise<void>
  /** A second name of a file. */
  hardlink(path: string, to: string): Promise<void>
  realpath(path: string): Promise<string>
  copyData(from: Buffer, fromAt: number, length: number, to: Buffer, toAt: number): Promise<void>
  space(path: string): Promise<RemoteSpace | undefined>
  end(): void
}

const lostErrors = new WeakSet<Error>()

/** True when the connection broke under a call, so that it may be made again on another one. */
export function isConnectionLost(error: unknown): boolean {
  return error instanceof Error && lostErrors.has(error)
}

/** What the library knows of the server, beside its public interface. */
interface Negotiated {
  readonly _extensions?: Readonly<Record<string, string>>
  readonly _isOpenSSH?: boolean
  readonly _maxReadLen?: number
  readonly _maxWriteLen?: number
}

function featuresOf(sftp: SFTPWrapper): SftpFeatures {
  const { _extensions = {}, _isOpenSSH = false, _maxReadLen, _maxWriteLen } = sftp as unknown as Negotiated
  // Without the extension the library guesses by the server's name; we do not.
  const told =
    _extensions['limits@openssh.com'] === '1'
      ? Math.min(_maxReadLen ?? safeRequestBytes, _maxWriteLen ?? safeRequestBytes)
      : safeRequestBytes
  return {
    copyData: _extensions['copy-data'] === '1',
    posixRename: _extensions['posix-rename@openssh.com'] === '1',
    fsync: _extensions['fsync@openssh.com'] === '1',
    statvfs: _extensions['statvfs@openssh.com'] === '2',
    lsetstat: _extensions['lsetstat@openssh.com'] === '1',
    hardlink: _extensions['hardlink@openssh.com'] === '1',
    renameKeeps: _isOpenSSH,
    requestBytes: Math.max(1024, Math.min(told, maxRequestBytes)),
  }
}

type Done<Result> = (error: Error | null | undefined, result: Result) => void

/** Starts SFTP on a connection. `alias` is for messages. @throws E_UNREACHABLE when the server has no SFTP */
export async function openChannel(client: Client, alias: string): Promise<SftpChannel> {
  const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
    const onClose = (): void =>
      reject(
        new FerryError('E_UNREACHABLE', `Cannot use "${alias}": the connection was closed`, {
          retryable: true,
        }),
      )
    client.once('close', onClose)
    client.sftp((error, result) => {
      client.off('close', onClose)
      if (!error) return resolve(result)
      const reason = escapeText(error.message.slice(0, 200))
      reject(
        new FerryError('E_UNREACHABLE', `Cannot use "${alias}": the server offers no SFTP (${reason})`, {
          cause: error,
        }),
      )
    })
  })
  coalesceRequests(sftp, client)
  prepareCipherKeys(client)
  const features = featuresOf(sftp)
  const pending = new Set<(error: Error) => void>()
  let lost: FerryError | undefined

  const lose = (cause?: unknown): void => {
    if (lost) return
    lost = new FerryError('E_UNREACHABLE', `The connection to "${alias}" was lost`, {
      cause,
      retryable: true,
    })
    lostErrors.add(lost)
    for (const reject of pending) reject(lost)
    pending.clear()
    client.destroy()
  }
  client.on('error', lose)
  client.on('close', () => lose())
  sftp.on('error', lose)
  sftp.on('close', () => lose())
  sftp.on('end', () => lose())

  function call<Result>(start: (done: Done<Result>) => void): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (lost) return reject(lost)
      pending.add(reject)
      const done: Done<Result> = (error, result) => {
        pending.delete(reject)
        if (!error) return resolve(result)
        // An error without a status is the library's word for an answer that never came.
        if (typeof (error as { code?: unknown }).code !== 'number') lose(error)
        reject(lost ?? error)
      }
      try {
        start(done)
      } catch (error) {
        pending.delete(reject)
        lose(error)
        reject(lost ?? (error as Error))
      }
    })
  }
  const openModes = { read: 'r', 'write-new': 'wx', 'write-existing': 'r+' } as const

  return {
    features,
    users: 0,
    get isLost() {
      return lost !== undefined
    },
    open: (path, flags, mode) =>
      call((done) =>
        mode === undefined
          ? sftp.open(path, openModes[flags], done)
          : sftp.open(path, openModes[flags], mode, done),
      ),
    close: (handle) => call<void>((done) => sftp.close(handle, done as Done<unknown> as never)),
    read: (handle, buffer, at, length, position) =>
      call((done) => sftp.read(handle, buffer, at, length, position, done as never)),
    write: (handle, buffer, at, length, position) =>
      call<void>((done) => sftp.write(handle, buffer, at, length, position, done)),
    fsync: (handle) => call<void>((done) => sftp.ext_openssh_fsync(handle, done)),
    fstat: (handle) => call((done) => sftp.fstat(handle, done)),
    fsetstat: (handle, attributes) => call<void>((done) => sftp.fsetstat(handle, attributes, done)),
    lstat: (path) => call((done) => sftp.lstat(path, done)),
    stat: (path) => call((done) => sftp.stat(path, done)),
    setstat: (path, attributes) => call<void>((done) => sftp.setstat(path, attributes, done)),
    lsetstat: (path, attributes) => call<void>((done) => sftp.ext_openssh_lsetstat(path, attributes, done)),
    opendir: (path) => call((done) => sftp.opendir(path, done)),
    readdir: (handle) => call((done) => sftp.readdir(handle as never, done as never)),
    readlink: (path) => call((done) => sftp.readlink(path, done)),
    symlink: (target, path) => call<void>((done) => sftp.symlink(target, path, done)),
    mkdir: (path, mode) =>
      call<void>((done) =>
        mode === undefined
          ? sftp.mkdir(path, done as never)
          : sftp.mkdir(path, { mode } as Attributes, done as never),
      ),
    rmdir: (path) => call<void>((done) => sftp.rmdir(path, done)),
    unlink: (path) => call<void>((done) => sftp.unlink(path, done)),
    rename: (from, to) => call<void>((done) => sftp.rename(from, to, done)),
    posixRename: (from, to) => call<void>((done) => sftp.ext_openssh_rename(from, to, done)),
    hardlink: (path, to) => call<void>((done) => sftp.ext_openssh_hardlink(path, to, done)),
    realpath: (path) => call((done) => sftp.realpath(path, done)),
    copyData: (from, fromAt, length, to, toAt) =>
      call<void>((done) => sftp.ext_copy_data(from, fromAt, length, to, toAt, done)),
    async space(path) {
      if (!features.statvfs) return undefined
      const told = await call<Record<string, number>>((done) => sftp.ext_openssh_statvfs(path, done))
      return {
        freeBytes: (told['f_bavail'] ?? 0) * (told['f_frsize'] ?? 0),
        freeFiles: told['f_files'] === 0 ? Number.POSITIVE_INFINITY : (told['f_favail'] ?? 0),
        readOnly: ((told['f_flag'] ?? 0) & 1) === 1,
        id: String(told['f_sid']),
      }
    },
    end() {
      client.end()
      // A server that is gone never answers, and would hold up the end of the process.
      setTimeout(() => client.destroy(), farewellMs).unref()
    },
  }
}
