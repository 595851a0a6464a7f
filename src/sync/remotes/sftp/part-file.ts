/**
 * The temporary file beside the target. It is made with a name of its own, and only if nothing has that name, so that
 * nobody's link is written through and no two runs write into one. A large one is gone on with by the next run, when
 * its record says whose it is and what is read back of it is what the content says.
 */
import { randomBytes } from 'node:crypto'
import { partNames } from '../../../blobs/tree-writer/part-names.ts'
import { mapBounded } from '../../../shared/concurrency.ts'
import { equalBytes } from '../../../shared/bytes.ts'
import type { Content } from '../../source.ts'
import type { SftpChannel } from './channel.ts'
import { kindOf } from './entry.ts'
import { leastResumeBytes, sampleBytes, sampleCount, tailBytes, windowBytes } from './limits.ts'
import { isMissing, statusOf } from './sftp-error.ts'
import { identityHash, markBusy, type UploadRecord, type UploadRecords } from './upload-records.ts'

export interface Part {
  /** Absolute, on the server. */
  readonly path: string
  readonly handle: Buffer
  /** Bytes that were there already and are right. */
  readonly resumedBytes: number
  /** Only of large files, which can be gone on with. */
  readonly record: UploadRecord | undefined
}

export interface PartRequest {
  /** Where the finished file goes, absolute. */
  readonly path: string
  readonly content: Content
  readonly place: string
  readonly resumable: boolean
  /** Left out: what the server gives new files; otherwise only its owner may read the part. */
  readonly mode: number | undefined
  readonly signal: AbortSignal | undefined
}

export async function openPart(
  channel: SftpChannel,
  records: UploadRecords,
  request: PartRequest,
): Promise<Part> {
  const { path, content, place } = request
  const isLarge = content.size >= leastResumeBytes
  const earlier = isLarge ? records.find(path) : undefined
  const identity = identityHash(content.identity)
  if (earlier && !records.isBusy(earlier)) {
    if (request.resumable && earlier.identity === identity && earlier.size === content.size) {
      const part = await resumePart(channel, earlier, request)
      if (part) return part
    }
    await removePart(channel, earlier.part)
    records.remove(path)
  }
  const part = newPartPath(path)
  const handle = await channel.open(part, 'write-new', request.mode === undefined ? undefined : 0o600)
  markBusy(part)
  if (!isLarge || !request.resumable || (earlier && records.isBusy(earlier)))
    return { path: part, handle, resumedBytes: 0, record: undefined }
  const record = {
    place,
    path,
    part,
    identity,
    size: content.size,
    acknowledged: undefined,
    pid: process.pid,
    startedAtMs: Date.now(),
  }
  records.save(record)
  return { path: part, handle, resumedBytes: 0, record }
}

/** Reserved, as every name that ends so; see shared/paths.ts. */
export function newPartPath(path: string): string {
  return partNames(`${path}.${randomBytes(4).toString('hex')}`).part
}

/** Where the old version waits while a server that cannot replace by renaming gets the new one. */
export function asidePath(path: string): string {
  return partNames(`${path}.old`).part
}

/** One that is not there is removed already. */
export async function removePart(channel: SftpChannel, part: string): Promise<void> {
  try {
    await channel.unlink(part)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

async function resumePart(
  channel: SftpChannel,
  record: UploadRecord,
  request: PartRequest,
): Promise<Part | undefined> {
  try {
    const stats = await channel.lstat(record.part)
    const length = stats.size ?? 0
    // The last requests of a killed run may have arrived in any order.
    const trusted = Math.min(record.acknowledged ?? Math.max(0, length - windowBytes), length)
    if (kindOf(stats) !== 'file' || length > request.content.size || trusted < tailBytes) return undefined
    const reader = await channel.open(record.part, 'read')
    const right = await isPrefix(channel, reader, trusted, request)
    channel.close(reader).catch(() => undefined)
    if (!right) return undefined
    const handle = await channel.open(record.part, 'write-existing')
    markBusy(record.part)
    return { path: record.part, handle, resumedBytes: trusted, record: { ...record, pid: process.pid } }
  } catch (error) {
    if (statusOf(error) === undefined) throw error
    return undefined
  }
}

/** Reads back the end, and samples of the rest: what a crash of the server leaves behind is holes. */
async function isPrefix(
  channel: SftpChannel,
  handle: Buffer,
  length: number,
  { content, signal }: PartRequest,
): Promise<boolean> {
  const places = [{ at: length - tailBytes, count: tailBytes }]
  const step = Math.floor((length - tailBytes) / sampleCount)
  for (let index = 0; index < sampleCount; index++)
    places.push({ at: index * step, count: Math.min(sampleBytes, step) })
  let right = true
  await mapBounded(
    places,
    async ({ at, count }) => {
      if (!right || count === 0) return
      const there = Buffer.allocUnsafe(count)
      let filled = 0
      while (filled < count) {
        const wanted = Math.min(count - filled, channel.features.requestBytes)
        const got = await channel.read(handle, there, filled, wanted, at + filled)
        if (got === 0) break
        filled += got
      }
      const should = await content.read(at, count, { signal })
      if (filled < count || !equalBytes(there, should)) right = false
    },
    { limit: 4, signal },
  )
  return right
}
