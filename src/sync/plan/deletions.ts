/**
 * What is to be deleted, kept until the end in packed blocks: about 40 bytes an entry instead of an object, since there
 * may be a million. Told in the reverse order of their coming, so that what is in a folder comes before the folder.
 */
import { createByteColumn, createByteReader, type ByteReader } from '../../blobs/byte-column.ts'
import type { TreePath } from '../../shared/paths.ts'
import type { SyncEntry } from '../source.ts'

export interface Deletions {
  /** Without those that were spared. */
  readonly count: number
  /** Not after `reversed` or `all`. Returns the number of the entry, for `spare`. */
  add(entry: SyncEntry): number
  /** It stays: a folder that will not be empty. */
  spare(number: number): void
  /** All others, last first, in batches. */
  reversed(): Generator<readonly SyncEntry[]>
  /** All, in the order of their coming. */
  all(): Generator<{ readonly entry: SyncEntry; readonly isSpared: boolean }>
}

/** Entries of a block: it is decoded as a whole, since paths are told by what they share with the one before. */
const blockEntries = 256

const kinds = ['file', 'directory', 'symlink', 'other'] as const
const hasTime = 4
const hasMode = 8

function sharedLength(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.byteLength, b.byteLength)
  let shared = 0
  while (shared < most && a[shared] === b[shared]) shared++
  return shared
}

export function createDeletions(): Deletions {
  const column = createByteColumn(blockEntries * 64)
  const blocks: Uint8Array[] = []
  const spared = new Set<number>()
  let total = 0
  let lastPath: Uint8Array = new Uint8Array()
  let lastVersion: Uint8Array = new Uint8Array()
  let tail: Uint8Array | undefined

  function putText(bytes: Uint8Array, last: Uint8Array): void {
    const shared = sharedLength(bytes, last)
    column.varint(shared)
    column.varint(bytes.byteLength - shared)
    column.bytes(bytes, shared)
  }

  function decode(block: Uint8Array): SyncEntry[] {
    const reader = createByteReader(block, 'the list of what is to be deleted')
    const entries: SyncEntry[] = []
    let path = Buffer.alloc(0)
    let version = Buffer.alloc(0)
    while (reader.left > 0) {
      const flags = reader.u8()
      path = readText(reader, path)
      version = readText(reader, version)
      entries.push({
        path: path.toString('utf8') as TreePath,
        kind: kinds[flags & 3] as SyncEntry['kind'],
        size: reader.varint(),
        mtimeNs: flags & hasTime ? reader.i64() : undefined,
        mode: flags & hasMode ? reader.u16() : undefined,
        version: version.toString('utf8'),
      })
    }
    return entries
  }

  /** Entries of the last block, which is not full. */
  function rest(): Uint8Array {
    tail ??= column.take()
    return tail
  }

  function ofBlock(block: number, bytes: Uint8Array): SyncEntry[] {
    const first = block * blockEntries
    return decode(bytes)
      .filter((_, index) => !spared.has(first + index))
      .reverse()
  }

  return {
    get count() {
      return total - spared.size
    },
    add(entry) {
      const path = Buffer.from(entry.path)
      const version = Buffer.from(entry.version)
      column.u8(
        kinds.indexOf(entry.kind) |
          (entry.mtimeNs === undefined ? 0 : hasTime) |
          (entry.mode === undefined ? 0 : hasMode),
      )
      putText(path, lastPath)
      putText(version, lastVersion)
      column.varint(entry.size)
      if (entry.mtimeNs !== undefined) column.i64(entry.mtimeNs)
      if (entry.mode !== undefined) column.u16(entry.mode)
      lastPath = path
      lastVersion = version
      if (++total % blockEntries === 0) {
        blocks.push(column.take())
        lastPath = lastVersion = new Uint8Array()
      }
      return total - 1
    },
    spare(number) {
      spared.add(number)
    },
    *all() {
      let number = 0
      for (const block of [...blocks, rest()])
        for (const entry of decode(block)) yield { entry, isSpared: spared.has(number++) }
    },
    *reversed() {
      yield ofBlock(blocks.length, rest())
      for (let block = blocks.length - 1; block >= 0; block--) {
        yield ofBlock(block, blocks[block] as Uint8Array)
      }
    },
  }
}

function readText(reader: ByteReader, last: Buffer): Buffer<ArrayBuffer> {
  const shared = reader.varint()
  return Buffer.concat([last.subarray(0, shared), reader.bytes(reader.varint())])
}
