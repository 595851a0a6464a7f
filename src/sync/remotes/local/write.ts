/**
 * Writing into a local folder. Small files and links go to the workers in batches, which are synced and named together;
 * large ones grow piece by piece, and can be gone on with. Content that is a file of this computer is copied inside a
 * worker and never comes here.
 */
import { unpackError, type PackedError } from '../../../blobs/worker/packed-error.ts'
import type { LocalFile, PlacedContent, PlaceRequest } from '../../../blobs/worker/place-files-task.ts'
import type { Standing } from '../../../blobs/tree-writer/publish.ts'
import { createSemaphore, throwIfCancelled } from '../../../shared/concurrency.ts'
import type { RemoteContext } from '../../context.ts'
import type { Remote, RemoteCaps, Segment, WriteOptions, Written } from '../../remote.ts'
import type { Content } from '../../source.ts'
import { createBatches } from './batches.ts'
import type { Place } from './place.ts'
import { takeBytes } from './take-bytes.ts'
import { writeLarge } from './write-large.ts'

/** Up to this a file is written in one step, and begun anew when that was interrupted. */
const smallBytes = 1024 * 1024
/** From so many on they are synced together; see blobs/native-sync.ts. */
const leastPlaced = 32
/** Files of one task, each of them open until all are synced: well below the usual 1,024 of a process. */
const mostPlaced = 256
const mostPlacedBytes = 32 * 1024 * 1024
/** Content in memory on its way to the disk, over all files. */
const memoryBytes = 64 * 1024 * 1024

export interface Writing {
  readonly write: Remote['write']
  readonly assemble: NonNullable<RemoteCaps['assemble']>
  readonly writeLink: NonNullable<RemoteCaps['writeLink']>
}

export function standingOf(expect: WriteOptions['expect']): Standing {
  return expect ?? 'anything'
}

export function createWriting(place: Place, context: Pick<RemoteContext, 'parts' | 'pool'>): Writing {
  const memory = createSemaphore(memoryBytes)
  const placeFile = createBatches<PlaceRequest, string | PackedError>({
    lanes: 2,
    leastItems: leastPlaced,
    mostItems: mostPlaced,
    mostBytes: mostPlacedBytes,
    async run(files) {
      const root = place.writable()
      const pool = await context.pool()
      const moved = files.flatMap(({ content }) =>
        content.kind === 'bytes' && content.bytes.byteLength > 0 ? [content.bytes.buffer as ArrayBuffer] : [],
      )
      return (await pool.run('placeFiles', { root, files }, moved)).results
    },
  })

  async function placeSmall(
    path: string,
    content: PlacedContent,
    size: number,
    { attributes: { mode, mtimeNs }, expect, onProgress }: WriteOptions,
  ): Promise<Written> {
    const result = await placeFile({ path, content, mode, mtimeNs, standing: standingOf(expect) }, size)
    if (typeof result !== 'string') throw unpackError(result)
    const sent = { sentBytes: size, copiedBytes: 0 }
    onProgress?.(sent)
    return { version: result, ...sent, resumedBytes: 0 }
  }

  async function writeBytes(path: string, content: Content, options: WriteOptions): Promise<Written> {
    const { signal } = options
    const { size } = content
    const release = await memory.acquire(signal, size)
    try {
      const bytes = await takeBytes(content, 0, size, signal)
      await content.confirm({ signal })
      throwIfCancelled(signal)
      return await placeSmall(path, { kind: 'bytes', bytes }, size, options)
    } finally {
      release()
    }
  }

  async function writeAny(
    path: string,
    content: Content,
    segments: readonly Segment[],
    from: LocalFile | undefined,
    isWhole: boolean,
    options: WriteOptions,
  ): Promise<Written> {
    const root = place.writable()
    const pool = await context.pool()
    const standing = standingOf(options.expect)
    const diskPath = place.diskPath(path)
    const common = { pool, memory, root, path, diskPath, content, options, parts: context.parts }
    return await writeLarge({ ...common, segments, from, isWhole, standing })
  }

  return {
    async write(path, content, options) {
      throwIfCancelled(options.signal)
      const { size, local } = content
      if (size <= smallBytes)
        return local
          ? await placeSmall(path, { kind: 'file', file: local, size }, size, options)
          : await writeBytes(path, content, options)
      const segments: readonly Segment[] = local
        ? [{ kind: 'copy', from: 0, length: size }]
        : [{ kind: 'data', length: size }]
      return await writeAny(path, content, segments, local, local !== undefined, options)
    },
    async assemble(old, segments, content, options) {
      throwIfCancelled(options.signal)
      const from = { path: place.diskPath(old.path), version: old.version }
      const expect = options.expect ?? { version: old.version }
      return await writeAny(old.path, content, segments, from, false, { ...options, expect })
    },
    async writeLink(path, target, options) {
      throwIfCancelled(options.signal)
      return await placeSmall(path, { kind: 'link', target }, 0, options)
    },
  }
}
