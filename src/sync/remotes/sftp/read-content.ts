/**
 * The content of a file on the server: ranges are read in many requests at once, and after a lost connection the file
 * is opened again, if it still is the version that was listed.
 */
import { createSemaphore, throwIfCancelled } from '../../../shared/concurrency.ts'
import { countDeadBuffers } from '../../../shared/dead-buffers.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { RunOptions } from '../../../shared/options.ts'
import { shortenName } from '../../../shared/paths.ts'
import type { Content, SyncEntry } from '../../source.ts'
import { abortable } from './abortable.ts'
import type { SftpChannel } from './channel.ts'
import { versionOf } from './entry.ts'
import { windowBytes } from './limits.ts'
import { remotePath, type SftpPlace } from './place.ts'
import type { TakenChannel } from './pool.ts'
import { isMissing, toSftpError } from './sftp-error.ts'

interface OpenFile extends TakenChannel {
  readonly handle: Buffer
}

/** @throws E_CHANGED when it is not what was listed any more; E_NOT_FOUND, E_PERMISSION */
export async function openContent(
  place: SftpPlace,
  entry: SyncEntry,
  options: RunOptions = {},
): Promise<Content> {
  const path = remotePath(place, entry.path)
  const what = `Cannot read "${shortenName(entry.path)}"`
  const changed = (): FerryError =>
    new FerryError('E_CHANGED', `${what}: it was changed since it was listed`, {
      hint: 'run the same command again',
    })
  if (entry.kind !== 'file') throw new FerryError('E_USAGE', `${what}: it is not a file`)

  const openFile = async (signal: AbortSignal | undefined): Promise<OpenFile> => {
    const taken = await place.pool.take(signal)
    const { channel } = taken
    try {
      const handle = await abortable(channel.open(path, 'read'), signal)
      if (versionOf(await abortable(channel.fstat(handle), signal)) === entry.version)
        return { ...taken, handle }
      channel.close(handle).catch(() => undefined)
      throw changed()
    } catch (error) {
      taken.release()
      throw error
    }
  }
  const close = ({ channel, handle, release }: OpenFile): void => {
    if (!channel.isLost) channel.close(handle).catch(() => undefined)
    release()
  }

  let current: OpenFile | undefined
  let opening: Promise<OpenFile> | undefined
  let closed = false
  const file = async (signal: AbortSignal | undefined): Promise<OpenFile> => {
    if (current && !current.channel.isLost) return current
    current?.release()
    current = undefined
    opening ??= openFile(signal).finally(() => (opening = undefined))
    const opened = await opening
    if (closed) close(opened)
    else current = opened
    return opened
  }
  /** Goes on with a new connection when this one is lost. */
  const withFile = async <Result>(
    use: (open: OpenFile) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> => {
    try {
      return await place.pool.run(async () => use(await file(signal)), { signal })
    } catch (error) {
      throw toSftpError(error, what)
    }
  }
  // Requests of all reads of this file together, so that a few large reads do not queue megabytes each.
  const window = createSemaphore(windowBytes)

  await withFile(async () => undefined, options.signal)
  return {
    size: entry.size,
    identity: `${place.place}${path} ${entry.version}`,
    chunks: async () => undefined,
    async read(offset, length, { signal } = {}) {
      throwIfCancelled(signal)
      const buffer = Buffer.allocUnsafeSlow(length)
      await withFile(async ({ channel, handle }) => {
        const step = channel.features.requestBytes
        const piece = async (start: number, end: number, release: () => void): Promise<void> => {
          try {
            await readFully(channel, handle, { buffer, start, end, offset, changed })
          } finally {
            release()
          }
        }
        const pieces: Promise<void>[] = []
        for (let start = 0; start < length; start += step) {
          const end = Math.min(start + step, length)
          const release = await window.acquire(signal, end - start)
          const reading = piece(start, end, release)
          reading.catch(() => undefined)
          pieces.push(reading)
        }
        await Promise.all(pieces)
      }, signal)
      return new Uint8Array(buffer.buffer, buffer.byteOffset, length)
    },
    async confirm({ signal } = {}) {
      let version: string | undefined
      try {
        version = versionOf(await place.pool.run((channel) => channel.stat(path), { signal }))
      } catch (error) {
        if (!isMissing(error)) throw toSftpError(error, what)
      }
      if (version !== entry.version) throw changed()
    },
    async [Symbol.asyncDispose]() {
      closed = true
      if (current) close(current)
      current = undefined
    },
  }
}

interface Range {
  readonly buffer: Buffer
  /** In the buffer. */
  readonly start: number
  readonly end: number
  /** Of the buffer's beginning in the file. */
  readonly offset: number
  readonly changed: () => FerryError
}

/** Servers may answer with less than was asked for. */
async function readFully(channel: SftpChannel, handle: Buffer, range: Range): Promise<void> {
  for (let at = range.start; at < range.end; ) {
    const count = await channel.read(handle, range.buffer, at, range.end - at, range.offset + at)
    if (count === 0) throw range.changed()
    // Encrypted and decrypted; what was read is handed on.
    countDeadBuffers(2 * count)
    at += count
  }
}
