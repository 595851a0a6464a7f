/**
 * Writes one file, whole or out of pieces of its old version: part, sync, times and mode, confirmation, name. After a
 * lost connection it goes on where it was; whether a rename whose answer was lost was done is found out, not guessed.
 */
import type { InputAttributes, Stats } from 'ssh2'
import { throwIfCancelled } from '../../../shared/concurrency.ts'
import { FerryError } from '../../../shared/errors.ts'
import { parentPath, shortenName } from '../../../shared/paths.ts'
import type { Attributes, WriteOptions, Written } from '../../remote.ts'
import type { Content, SyncEntry, Version } from '../../source.ts'
import { abortable } from './abortable.ts'
import { isConnectionLost, type SftpChannel } from './channel.ts'
import { toSeconds, versionOf } from './entry.ts'
import type { Folders } from './folders.ts'
import { cleanUpTimeoutMs, fsyncFromBytes, requestsPerRead, tailBytes } from './limits.ts'
import { openPart, removePart, type Part } from './part-file.ts'
import { remotePath, type SftpPlace } from './place.ts'
import { checkExpected, lstatIfThere, publishPart } from './publish.ts'
import { createSender, wholePieces, type Piece, type SendCounters, type Sender } from './send-pieces.ts'
import { explainFailure, sftpStatus, statusOf } from './sftp-error.ts'
import { markIdle, type UploadRecords } from './upload-records.ts'

export interface Replacement {
  readonly path: string
  readonly content: Content
  readonly options: WriteOptions
  /** The old version, when pieces are copied from it, and all pieces; left out: the content, whole. */
  readonly from?: { readonly old: SyncEntry; readonly pieces: readonly Piece[] } | undefined
}

export interface WriteDeps {
  readonly place: SftpPlace
  readonly folders: Folders
  readonly records: UploadRecords
}

/** After these the part is worth keeping: nothing is wrong with what it holds. */
const resumableCodes: ReadonlySet<string> = new Set(['E_CANCELLED', 'E_UNREACHABLE', 'E_TIMEOUT'])

/** @throws E_CONFLICT, E_CHANGED, E_NO_SPACE, E_PERMISSION, E_UNREACHABLE */
export async function replaceFile(deps: WriteDeps, replacement: Replacement): Promise<Written> {
  const { place } = deps
  const { path, options } = replacement
  const { signal } = options
  const counters: SendCounters = { sentBytes: 0, copiedBytes: 0, onProgress: options.onProgress }
  const state: AttemptState = { made: undefined, leftOver: undefined, resumedBytes: 0 }
  const full = remotePath(place, path)
  try {
    const version = await place.pool.run(
      (channel) => attempt(deps, replacement, { channel, counters, state }),
      {
        signal,
        cleansUp: true,
      },
    )
    const { sentBytes, copiedBytes } = counters
    return { version, sentBytes, copiedBytes, resumedBytes: state.resumedBytes }
  } catch (error) {
    throwIfCancelled(signal)
    const what = `Cannot write "${shortenName(path)}"`
    const space =
      statusOf(error) === sftpStatus.failure
        ? await place.pool
            .run((channel) => channel.space(full.slice(0, full.lastIndexOf('/')) || '/'))
            .catch(() => undefined)
        : undefined
    throw explainFailure(error, what, replacement.content.size - counters.sentBytes, space)
  }
}

/** What one attempt tells the next. */
interface AttemptState {
  /** The rename was sent, and may have been done. */
  made: Version | undefined
  /** A part without a record, which nobody else would remove. */
  leftOver: string | undefined
  resumedBytes: number
}

interface Attempt {
  readonly channel: SftpChannel
  readonly counters: SendCounters
  readonly state: AttemptState
}

async function attempt(deps: WriteDeps, replacement: Replacement, run: Attempt): Promise<Version> {
  const { channel, state } = run
  const { path, content, options, from } = replacement
  const { signal } = options
  const full = remotePath(deps.place, path)
  throwIfCancelled(signal)
  const { made } = state
  if (made !== undefined) {
    const there = await lstatIfThere(channel, full)
    if (there && versionOf(there) === made) {
      deps.records.remove(full)
      return made
    }
    state.made = undefined
  }
  if (state.leftOver !== undefined) await removePart(channel, state.leftOver)
  state.leftOver = undefined
  await abortable(deps.folders.ensure(channel, parentPath(path)), signal)
  // Before a long upload, so that one that cannot end well is not begun.
  if (content.size >= fsyncFromBytes)
    await abortable(checkExpected(channel, { path: full, name: path, expect: options.expect }), signal)

  const old = from && (await openOld(channel, deps.place, from.old))
  const part = await openPart(channel, deps.records, {
    path: full,
    content,
    place: deps.place.place,
    resumable: options.resume !== false && from === undefined,
    mode: options.attributes.mode,
    signal,
  })
  const sender = createSender(
    { channel, handle: part.handle, content, old, signal },
    run.counters,
    part.resumedBytes,
  )
  let closed = false
  try {
    await sender.send(
      from
        ? from.pieces
        : wholePieces(content.size, part.resumedBytes, requestsPerRead * channel.features.requestBytes),
    )
    closed = true
    const [stats] = await Promise.all([
      abortable(
        seal(deps.place, channel, part.handle, { size: content.size, attributes: options.attributes }),
        signal,
      ),
      sender.drain(),
    ])
    if (stats.size !== content.size)
      throw new FerryError(
        'E_IO',
        `Cannot write "${shortenName(path)}": the server holds ${stats.size} bytes`,
      )
    if (old && from) await checkOld(channel, old, from.old)
    await content.confirm({ signal })
    throwIfCancelled(signal)
    const version = versionOf(stats)
    state.made = version
    await abortable(
      publishPart(channel, {
        part: part.path,
        path: full,
        name: path,
        expect: options.expect,
        onReplace: keepMode(channel, part, options.attributes),
      }),
      signal,
    )
    if (part.record) deps.records.remove(full)
    state.resumedBytes = part.resumedBytes
    return version
  } catch (error) {
    if (!isConnectionLost(error)) state.made = undefined
    await abandon(deps, run, { part, sender, error, closed })
    throw error
  } finally {
    markIdle(part.path)
    if (old && !channel.isLost) channel.close(old).catch(() => undefined)
  }
}

/** Without a mode of its own a file keeps that of the one it replaces. */
function keepMode(
  channel: SftpChannel,
  part: Part,
  attributes: Attributes,
): ((stats: Stats) => Promise<void>) | undefined {
  if (attributes.mode !== undefined) return undefined
  return async (stats) => {
    if (stats.mode !== undefined) await channel.setstat(part.path, { mode: stats.mode & 0o7777 })
  }
}

/** Times, mode, sync, what has become of it, and the end: all sent at once, since servers keep the order of a handle. */
async function seal(
  place: SftpPlace,
  channel: SftpChannel,
  handle: Buffer,
  { size, attributes }: { readonly size: number; readonly attributes: Attributes },
): Promise<Stats> {
  const values = toInputAttributes(attributes)
  const [set, synced, stats, ended] = await Promise.allSettled([
    values === undefined ? undefined : channel.fsetstat(handle, values),
    channel.features.fsync && size >= fsyncFromBytes ? channel.fsync(handle) : undefined,
    channel.fstat(handle),
    channel.close(handle),
  ])
  for (const result of [synced, stats, ended]) if (result.status === 'rejected') throw result.reason
  if (set.status === 'rejected') {
    if (statusOf(set.reason) === undefined) throw set.reason
    place.warnOnce(
      'attributes',
      `${place.place} does not take times or modes; files may look changed next time`,
    )
  }
  return (stats as PromiseFulfilledResult<Stats>).value
}

/** Undefined when there is nothing to set. SFTP sets both times or none. */
export function toInputAttributes({ mode, mtimeNs }: Attributes): InputAttributes | undefined {
  if (mode === undefined && mtimeNs === undefined) return undefined
  const seconds = mtimeNs === undefined ? undefined : toSeconds(mtimeNs)
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(seconds === undefined ? {} : { atime: seconds, mtime: seconds }),
  }
}

interface Failure {
  readonly part: Part
  readonly sender: Sender
  readonly error: unknown
  readonly closed: boolean
}

/** Keeps what the next attempt, or the next run, can go on with, and removes everything else. */
async function abandon(deps: WriteDeps, { channel, state }: Attempt, failure: Failure): Promise<void> {
  const { part, sender, error, closed } = failure
  const { record } = part
  const lost = isConnectionLost(error)
  const keep =
    record !== undefined &&
    sender.acknowledged >= tailBytes &&
    (lost || (error instanceof FerryError && resumableCodes.has(error.code)))
  const tidy = async (): Promise<void> => {
    await sender.settle()
    if (keep) {
      deps.records.save({ ...record, acknowledged: sender.acknowledged })
      if (!closed && !lost) await channel.close(part.handle)
      return
    }
    state.leftOver = part.path
    if (lost) return
    if (!closed) await channel.close(part.handle)
    await removePart(channel, part.path)
    state.leftOver = undefined
    if (record) deps.records.remove(record.path)
  }
  await abortable(tidy(), AbortSignal.timeout(cleanUpTimeoutMs)).catch(() => undefined)
}

async function openOld(channel: SftpChannel, place: SftpPlace, old: SyncEntry): Promise<Buffer> {
  const gone = (): FerryError =>
    new FerryError('E_CONFLICT', `Cannot replace "${shortenName(old.path)}": someone else has changed it`)
  const full = remotePath(place, old.path)
  const there = await lstatIfThere(channel, full)
  if (!there || versionOf(there) !== old.version) throw gone()
  const handle = await channel.open(full, 'read')
  if (versionOf(await channel.fstat(handle)) === old.version) return handle
  channel.close(handle).catch(() => undefined)
  throw gone()
}

/** What was copied from must have been the old version until now. */
async function checkOld(channel: SftpChannel, handle: Buffer, old: SyncEntry): Promise<void> {
  if (versionOf(await channel.fstat(handle)) === old.version) return
  throw new FerryError('E_CONFLICT', `Cannot replace "${shortenName(old.path)}": it was changed meanwhile`)
}
