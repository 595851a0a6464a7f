/**
 * Writes a large file piece after piece into its part: new bytes while the next ones are being read, ranges of other
 * files of this computer inside a worker. What an interrupted run has left is gone on with, or thrown away.
 */
import { readAhead } from '../../../blobs/ingest/read-ahead.ts'
import { openGrowing } from '../../../blobs/tree-writer/growing-part.ts'
import type { Standing } from '../../../blobs/tree-writer/publish.ts'
import type { GrowStep } from '../../../blobs/worker/grow-part-tasks.ts'
import type { LocalFile } from '../../../blobs/worker/place-files-task.ts'
import type { WorkerPool } from '../../../blobs/worker/pool.ts'
import { throwIfCancelled, type Semaphore } from '../../../shared/concurrency.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { RemoteContext } from '../../context.ts'
import type { Segment, WriteOptions, Written } from '../../remote.ts'
import type { Content } from '../../source.ts'
import { cutPieces, type Piece } from './pieces.ts'
import { takeBytes } from './take-bytes.ts'

/** Pieces of one file that are being read at once: enough for a source that is far away. */
const piecesAhead = 8

export interface LargeWrite {
  readonly pool: WorkerPool
  /** Bytes of content in memory, over all files. */
  readonly memory: Semaphore
  readonly root: string
  readonly path: string
  /** For messages. */
  readonly diskPath: string
  readonly content: Content
  readonly segments: readonly Segment[]
  /** What the copied segments are copied from. */
  readonly from: LocalFile | undefined
  /** The copied segments are the content itself, as another file of this computer, and not the old version. */
  readonly isWhole: boolean
  readonly standing: Standing
  readonly options: WriteOptions
  readonly parts: RemoteContext['parts']
}

interface Ready {
  readonly piece: Piece
  readonly steps: Promise<readonly GrowStep[]>
  release(): void
}

/**
 * After these what was written so far is as good as before: whoever gives the content is gone, or there was no room. Not
 * after E_IO: a disk that could not write something may have lost what came before it as well.
 */
const leavesPart: ReadonlySet<string> = new Set([
  'E_CANCELLED',
  'E_UNREACHABLE',
  'E_TIMEOUT',
  'E_REFUSED',
  'E_PERMISSION',
  'E_NO_SPACE',
])

/** @throws what `Remote.write` throws */
export async function writeLarge(write: LargeWrite): Promise<Written> {
  const { pool, root, path, content, from, standing, options } = write
  throwIfCancelled(options.signal)
  const resumes = options.resume !== false
  const identity = resumes ? `${content.identity}\n${write.isWhole ? '' : (from?.version ?? '')}` : undefined
  const { size } = content
  const part = openGrowing({ root, path, standing, size, identity })
  const { fd, grownBytes } = part
  write.parts?.begin(write.diskPath)
  let keep = false
  let isGrown = false
  try {
    const grown = await grow(write, fd, grownBytes)
    await content.confirm({ signal: options.signal })
    throwIfCancelled(options.signal)
    const { mode, mtimeNs } = options.attributes
    isGrown = true
    const target = { root, path, standing, fd, size, mode, mtimeNs }
    const version = await pool.run('finishGrowing', target)
    return { version, ...grown, resumedBytes: grownBytes }
  } catch (error) {
    // What fails at the end, the disk has not taken: its data cannot be trusted, whatever the part looks like.
    keep = resumes && !isGrown && error instanceof FerryError && leavesPart.has(error.code)
    throw error
  } finally {
    part.close(keep)
    if (!keep) write.parts?.end(write.diskPath)
  }
}

async function grow(
  write: LargeWrite,
  fd: number,
  grownBytes: number,
): Promise<Pick<Written, 'sentBytes' | 'copiedBytes'>> {
  const { pool, diskPath, content, from, isWhole, options } = write
  let sentBytes = 0
  let copiedBytes = 0
  const report = (data: number, copied: number): void => {
    sentBytes += isWhole ? data + copied : data
    copiedBytes += isWhole ? 0 : copied
    options.onProgress?.({ sentBytes, copiedBytes })
  }
  if (isWhole && from && grownBytes === 0 && (await pool.run('clonePart', { fd, path: diskPath, from }))) {
    report(0, content.size)
    return { sentBytes, copiedBytes }
  }
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const underWay = new Set<Ready>()
  try {
    for await (const ready of readAhead(readPieces(write, grownBytes, signal, underWay), piecesAhead)) {
      const { piece } = ready
      try {
        await growBy(write, fd, piece, await ready.steps)
        ready.release()
        underWay.delete(ready)
        report(piece.dataBytes, piece.copyBytes)
        throwIfCancelled(options.signal)
      } catch (error) {
        // Before the reading ahead is ended: it may be waiting for memory that is held here.
        stop.abort()
        throw error
      }
    }
  } finally {
    // The content is not to be closed while it is being read.
    await Promise.allSettled(Array.from(underWay, ({ steps }) => steps))
    for (const { release } of underWay) release()
  }
  return { sentBytes, copiedBytes }
}

async function growBy(
  { pool, diskPath, from, isWhole, options }: LargeWrite,
  fd: number,
  { at, copyBytes }: Piece,
  steps: readonly GrowStep[],
): Promise<void> {
  throwIfCancelled(options.signal)
  const moved = steps.flatMap((step) => ('bytes' in step ? [step.bytes.buffer as ArrayBuffer] : []))
  const copied = copyBytes > 0 ? from : undefined
  try {
    await pool.run('growPart', { fd, path: diskPath, at, steps, from: copied }, moved)
  } catch (error) {
    if (isWhole || !(error instanceof FerryError) || error.code !== 'E_CHANGED') throw error
    throw new FerryError(
      'E_CONFLICT',
      `Cannot write "${diskPath}": it was changed by someone else meanwhile`,
      {
        cause: error,
        hint: 'run the same command again to compare with what is there now',
      },
    )
  }
}

/** Begins to read the bytes of each piece as it is pulled. */
async function* readPieces(
  { content, segments, memory }: LargeWrite,
  grownBytes: number,
  signal: AbortSignal,
  underWay: Set<Ready>,
): AsyncGenerator<Ready> {
  for (const piece of cutPieces(segments, grownBytes)) {
    const release = await memory.acquire(signal, piece.dataBytes)
    const steps = Promise.all(
      piece.steps.map(
        async ({ kind, offset, length }): Promise<GrowStep> =>
          kind === 'copy' ? { offset, length } : { bytes: await takeBytes(content, offset, length, signal) },
      ),
    )
    // Reported when its turn comes, if it comes.
    steps.catch(() => undefined)
    const ready = { piece, steps, release }
    underWay.add(ready)
    yield ready
  }
}
