/**
 * Makes the new version of an object out of parts of the old one and new bytes, as `stitch-parts.ts` plans it. Stages are
 * objects of ferry's own; none of them outlives the call, and what a crash leaves is found by `abandoned`.
 */
import { DeleteObjectCommand } from './aws-client.ts'
import { randomBytes } from 'node:crypto'
import { mapBounded, throwIfCancelled } from '../../../shared/concurrency.ts'
import type { Segment, WriteOptions, Written } from '../../remote.ts'
import type { Content, SyncEntry } from '../../source.ts'
import { leastPartBytes } from './limits.ts'
import { writeMetadata } from './metadata.ts'
import { createUpload, type Upload } from './multipart.ts'
import {
  bytesToSend,
  s3Rules,
  type StagedPart,
  type StagePiece,
  type StitchedPart,
  stitchParts,
} from './stitch-parts.ts'
import { choosePartBytes, readExactly, writeObject, type WriterContext } from './write-object.ts'

/** Folder of stages below ferry's own. */
export const stageFolder = 'stage'

export async function assembleObject(
  context: WriterContext,
  old: SyncEntry,
  segments: readonly Segment[],
  content: Content,
  options: WriteOptions,
): Promise<Written> {
  const { connection, keys } = context
  const { tuning } = connection
  const what = `Cannot write "${old.path}"`
  const { signal, expect = { version: old.version } } = options
  throwIfCancelled(signal ?? connection.signal)
  const parts = planParts(context, old, segments)
  if (parts.every(({ kind }) => kind === 'data'))
    return await writeObject(context, old.path, content, { ...options, expect })

  const key = keys.keyOf(old.path)
  const target = { ...context, key, what }
  const upload = await createUpload(target, { Metadata: writeMetadata(options.attributes) }, { signal })
  const stages: string[] = []
  let sentBytes = 0
  let copiedBytes = 0
  const progress = {
    count: (sent: number, copied: number): void => {
      sentBytes += sent
      copiedBytes += copied
      options.onProgress?.({ sentBytes, copiedBytes })
    },
  }
  const run: Assembly = { context, key, what, old, content, signal, stages, ...progress }
  try {
    await mapBounded(parts.entries(), ([index, part]) => makePart(run, upload, index + 1, part), {
      limit: tuning.partsAtOnce,
      signal,
    })
    await content.confirm({ signal })
    const version = await upload.complete(expect, { signal })
    return { version, sentBytes, copiedBytes, resumedBytes: 0 }
  } catch (error) {
    await upload.abort()
    throw error
  } finally {
    await removeStages(context, stages)
  }
}

function planParts(
  { connection }: WriterContext,
  old: SyncEntry,
  segments: readonly Segment[],
): readonly StitchedPart[] {
  const { tuning, rttMs } = connection
  const size = segments.reduce((sum, { length }) => sum + length, 0)
  return stitchParts(
    segments,
    old.size,
    { uplinkBytesPerSecond: tuning.uplinkBytesPerSecond, rttMs, parallelism: tuning.partsAtOnce },
    { ...s3Rules, partBytes: choosePartBytes(size, tuning.partBytes, `Cannot write "${old.path}"`) },
  )
}

/** What `assembleObject` would send, as far as the distance to the bucket stays what it is now. */
export function assembledBytes(context: WriterContext, old: SyncEntry, segments: readonly Segment[]): number {
  return bytesToSend(planParts(context, old, segments))
}

interface Assembly {
  readonly context: WriterContext
  readonly key: string
  readonly what: string
  readonly old: SyncEntry
  readonly content: Content
  readonly signal: AbortSignal | undefined
  /** Keys of all stages that were begun. */
  readonly stages: string[]
  count(sentBytes: number, copiedBytes: number): void
}

async function sendPart(
  run: Assembly,
  upload: Upload,
  number: number,
  at: number,
  length: number,
): Promise<void> {
  const { context, content, what, signal } = run
  const release = await context.buffers.acquire(signal, length)
  try {
    const bytes = await readExactly(content, at, length, what, signal)
    await upload.send(number, bytes, { signal })
    run.count(length, 0)
  } finally {
    release()
  }
}

async function copyOld(
  run: Assembly,
  upload: Upload,
  number: number,
  from: number,
  length: number,
): Promise<void> {
  const { old, key, signal } = run
  // A smaller object can be copied as a whole only.
  const isWhole = from === 0 && length === old.size
  await upload.copy(number, { key, from, length, version: old.version, isWhole }, { signal })
}

async function makePart(run: Assembly, upload: Upload, number: number, part: StitchedPart): Promise<void> {
  const { signal } = run
  if (part.kind === 'data') return await sendPart(run, upload, number, part.at, part.length)
  if (part.kind === 'copy') {
    await copyOld(run, upload, number, part.from, part.length)
    return run.count(0, part.length)
  }
  const stage = await buildStages(run, part)
  const isWhole = part.skip === 0
  await upload.copy(number, { key: stage, from: part.skip, length: part.length, isWhole }, { signal })
  const sent = part.stages.flat().reduce((sum, piece) => sum + (piece.kind === 'data' ? piece.length : 0), 0)
  run.count(0, part.length - sent)
}

/** Returns the key of the last stage. */
async function buildStages(run: Assembly, part: StagedPart): Promise<string> {
  const { context, what, signal, stages } = run
  const { keys } = context
  let previous = ''
  for (const pieces of part.stages) {
    const key = keys.own(`${stageFolder}/${randomBytes(16).toString('hex')}`)
    stages.push(key)
    const target = { ...context, key, what }
    const upload = await createUpload(target, { Metadata: {} }, { signal })
    try {
      await mapBounded(
        pieces.entries(),
        ([index, piece]) => makePiece(run, upload, index + 1, piece, previous),
        { limit: 2, signal },
      )
      await upload.complete(undefined, { signal })
    } catch (error) {
      await upload.abort()
      throw error
    }
    previous = key
  }
  return previous
}

async function makePiece(
  run: Assembly,
  upload: Upload,
  number: number,
  piece: StagePiece,
  previous: string,
): Promise<void> {
  if (piece.kind === 'data') await sendPart(run, upload, number, piece.at, piece.length)
  else if (piece.kind === 'copy') await copyOld(run, upload, number, piece.from, piece.length)
  else
    await upload.copy(
      number,
      { key: previous, from: 0, length: piece.length, isWhole: true },
      { signal: run.signal },
    )
}

async function removeStages({ connection, keys }: WriterContext, stages: readonly string[]): Promise<void> {
  await mapBounded(
    stages,
    async (key) => {
      const command = new DeleteObjectCommand({ Bucket: keys.bucket, Key: key })
      // What was cancelled is cleaned up all the same, and what cannot be removed is found by `abandoned`.
      await connection
        .call('Cannot remove a stage', (client, http) => client.send(command, http), {
          attempts: 3,
          signal: AbortSignal.timeout(30_000),
        })
        .catch(() => undefined)
    },
    { limit: connection.tuning.partsAtOnce },
  )
}

/** Below this size nothing can be copied in ranges, and a delta is not worth its requests. */
export const leastAssembledBytes: number = 2 * leastPartBytes
