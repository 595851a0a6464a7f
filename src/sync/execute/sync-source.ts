/**
 * Sources as a sync needs them: with what an index knows of their files, under the names that they have in the
 * destination, and held back by a throttle. Each takes a source and is one.
 */
import { parseTreePath, type TreePath } from '../../shared/paths.ts'
import type { RunOptions } from '../../shared/options.ts'
import type { Throttle } from '../../shared/throttle.ts'
import type { ChunkIndex } from '../chunk-index.ts'
import type { Remote, RemoteCaps } from '../remote.ts'
import type { ChunkList, Content, ListOptions, Source, SyncEntry } from '../source.ts'

export interface SyncSource extends Source {
  /** Tells times and mode of an entry that its listing left out. */
  readonly describe?: RemoteCaps['describe'] | undefined
  /**
   * Remembers the chunks of this version of a file, which `cut` tells; asked only when they are not known. So what others
   * wrote there goes as a delta when it comes back edited.
   */
  readonly learn?: ((entry: SyncEntry, cut: Cut, options?: RunOptions) => Promise<void>) | undefined
}

export type Cut = () => Promise<ChunkList | undefined>

/** A batch of a listing with the times and modes that its place leaves out and the index knows of this very version. */
export function withKnown(batch: readonly SyncEntry[], index: ChunkIndex | undefined): readonly SyncEntry[] {
  if (!index) return batch
  return batch.map((entry) => {
    if (entry.kind !== 'file' || entry.mtimeNs !== undefined) return entry
    const known = index.find(entry)
    if (!known) return entry
    const { mtimeNs, mode = entry.mode } = known
    return { ...entry, mtimeNs, mode }
  })
}

/** A remote as a source; its index spares questions, and tells chunks that the place cannot tell. */
export function indexedSource(remote: Remote, index: ChunkIndex | undefined): SyncSource {
  const { describe } = remote.caps
  return {
    url: remote.url,
    async *list(options) {
      for await (const batch of remote.list(options)) yield withKnown(batch, index)
    },
    async open(entry, options) {
      const content = await remote.open(entry, options)
      if (!index) return content
      return withChunks(content, async (given) => {
        const known = await index.chunks(entry, given)
        const isWanted = given?.chunkSize === undefined || known?.chunkSize === given.chunkSize
        return known && isWanted ? known : ((await content.chunks(given)) ?? known)
      })
    },
    ...(describe && {
      async describe(entry: SyncEntry, options) {
        const described = await describe(entry, options)
        await index?.put(described, undefined, options)
        return described
      },
    }),
    ...(index && {
      async learn(entry: SyncEntry, cut: Cut, options) {
        if ((index.find(entry)?.chunkSize ?? 0) > 0) return
        const list = await cut()
        if (list) await index.put(entry, list, options)
      },
    }),
    [Symbol.asyncDispose]: async () => await remote[Symbol.asyncDispose](),
  }
}

function withChunks(content: Content, chunks: Content['chunks']): Content {
  const { size, identity, local } = content
  return {
    size,
    identity,
    local,
    chunks,
    read: (offset, length, options) => content.read(offset, length, options),
    confirm: (options) => content.confirm(options),
    [Symbol.asyncDispose]: () => content[Symbol.asyncDispose](),
  }
}

/** All of `source` in a folder `name`, which is told first: `SRC` without a slash. `top` is the location itself. */
export function inFolder(source: SyncSource, name: TreePath, top: SyncEntry): SyncSource {
  const outer = (entry: SyncEntry): SyncEntry => ({ ...entry, path: parseTreePath(`${name}/${entry.path}`) })
  const inner = (entry: SyncEntry): SyncEntry => ({
    ...entry,
    path: (entry.path === name ? '' : entry.path.slice(name.length + 1)) as TreePath,
  })
  const { describe, learn } = source
  return {
    url: source.url,
    async *list(options) {
      const { keeps, onProblem, recursive } = options
      if (keeps && !keeps(name, true)) return
      yield [{ ...top, path: name }]
      if (!recursive) return
      const below: ListOptions = {
        ...options,
        onProblem: ({ path, error }) => onProblem({ path: path === '' ? name : `${name}/${path}`, error }),
        ...(keeps && { keeps: (path: string, isFolder: boolean) => keeps(`${name}/${path}`, isFolder) }),
      }
      for await (const batch of source.list(below)) yield batch.map(outer)
    },
    open: async (entry, options) => await source.open(inner(entry), options),
    ...(describe && {
      describe: async (entry: SyncEntry, options) => outer(await describe(inner(entry), options)),
    }),
    ...(learn && {
      learn: async (entry: SyncEntry, cut, options) => await learn(inner(entry), cut, options),
    }),
    [Symbol.asyncDispose]: async () => await source[Symbol.asyncDispose](),
  }
}

/** One file or link of `source`, under another name. */
export function singleEntry(source: SyncSource, entry: SyncEntry, name: TreePath): SyncSource {
  const { describe, learn } = source
  const original = ({ path: _path, ...told }: SyncEntry): SyncEntry => ({ ...told, path: entry.path })
  return {
    url: source.url,
    async *list({ keeps }) {
      if (!keeps || keeps(entry.path, false)) yield [{ ...entry, path: name }]
    },
    open: async (told, options) => await source.open(original(told), options),
    ...(describe && {
      describe: async (told: SyncEntry, options) => ({
        ...(await describe(original(told), options)),
        path: name,
      }),
    }),
    ...(learn && {
      learn: async (told: SyncEntry, cut, options) => await learn(original(told), cut, options),
    }),
    [Symbol.asyncDispose]: async () => await source[Symbol.asyncDispose](),
  }
}

/** Content passes only as fast as the throttle lets it. */
export function throttled(source: SyncSource, throttle: Throttle): SyncSource {
  const { describe, learn } = source
  return {
    url: source.url,
    list: (options) => source.list(options),
    async open(entry, options) {
      // A pause holds what is copied inside of the system, too.
      await throttle.take(0, options?.signal)
      const content = await source.open(entry, options)
      const local = throttle.bytesPerSecond === undefined ? content.local : undefined
      return {
        ...withChunks(content, (given) => content.chunks(given)),
        local,
        read: held(content, throttle),
      }
    },
    ...(describe && { describe }),
    ...(learn && { learn }),
    [Symbol.asyncDispose]: async () => await source[Symbol.asyncDispose](),
  }
}

function held(content: Content, throttle: Throttle): Content['read'] {
  return async (offset, length, options) => {
    const { pieceBytes } = throttle
    if (length <= pieceBytes) {
      await throttle.take(length, options?.signal)
      return await content.read(offset, length, options)
    }
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const piece = Math.min(Math.floor(pieceBytes), length - done)
      await throttle.take(piece, options?.signal)
      bytes.set(await content.read(offset + done, piece, options), done)
      done += piece
    }
    return bytes
  }
}
