/** Entries and whole trees for tests of manifests: fixed ones, and arbitrary ones for properties. */
import * as fc from 'fast-check'
import { createByteColumn } from '../../src/blobs/byte-column.ts'
import { hash } from '../../src/blobs/hash.ts'
import type {
  DirectoryEntry,
  FileEntry,
  ManifestEntry,
  SymlinkEntry,
} from '../../src/blobs/manifest/entry.ts'
import { compareSortKeys, treePathProblem } from '../../src/shared/paths.ts'
import type { TreePath } from '../../src/shared/paths.ts'

/** Packed records of chunks with these lengths; hashes come from `seed` and the position. */
export function makeRecords(lengths: readonly number[], seed = 'chunk'): Uint8Array {
  const column = createByteColumn()
  for (const [index, length] of lengths.entries()) {
    column.u32(length)
    column.bytes(hash(Buffer.from(`${seed} ${index}`)))
  }
  return column.take()
}

/** A file entry; `path` is not checked, so that hostile ones can be made too. */
export function fileEntry(path: string, fields: Partial<FileEntry> = {}): FileEntry {
  const size = fields.size ?? 1
  return {
    kind: 'file',
    path: path as TreePath,
    mode: 0o644,
    mtimeNs: 1_700_000_000_123_456_789n,
    size,
    chunkSize: 65_536,
    content: makeRecords(size === 0 ? [] : [size], path),
    ...fields,
  }
}

export function directoryEntry(path: string, fields: Partial<DirectoryEntry> = {}): DirectoryEntry {
  return { kind: 'directory', path: path as TreePath, mode: 0o755, mtimeNs: 0n, ...fields }
}

export function symlinkEntry(path: string, target = 'x', fields: Partial<SymlinkEntry> = {}): SymlinkEntry {
  return { kind: 'symlink', path: path as TreePath, mode: 0o777, mtimeNs: -1n, target, ...fields }
}

const name = fc
  .oneof(
    fc.constantFrom(
      'a',
      'b',
      'a-',
      'a0',
      'README',
      'readme',
      ' ',
      '-rf',
      'new\nline',
      '__proto__',
      'é',
      'e\u0301',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  )
  .filter((text) => treePathProblem(text) === undefined && !text.includes('/'))

const mtimeNs = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const mode = fc.integer({ min: 0, max: 0o777 })
const lengths: fc.Arbitrary<readonly number[]> = fc.oneof<fc.Arbitrary<readonly number[]>[]>(
  fc.constant([]),
  fc.integer({ min: 1, max: 262_144 }).map((length) => [length]),
  fc.array(fc.integer({ min: 16_384, max: 262_144 }), { minLength: 2, maxLength: 64 }),
)

/** A small valid tree, in manifest order. */
export const treeEntries: fc.Arbitrary<ManifestEntry[]> = fc
  .array(
    fc.record({
      path: fc.array(name, { minLength: 1, maxLength: 4 }),
      kind: fc.constantFrom('file' as const, 'directory' as const, 'symlink' as const),
      mode,
      mtimeNs,
      lengths,
      large: fc.boolean(),
    }),
    { maxLength: 20 },
  )
  .map((drafts) => {
    const byPath = new Map<string, ManifestEntry>()
    for (const draft of drafts) {
      const ancestors = draft.path.slice(0, -1).map((_, depth) => draft.path.slice(0, depth + 1).join('/'))
      const path = draft.path.join('/')
      if (byPath.has(path) || ancestors.some((one) => (byPath.get(one)?.kind ?? 'directory') !== 'directory'))
        continue
      for (const one of ancestors) if (!byPath.has(one)) byPath.set(one, directoryEntry(one))
      byPath.set(path, makeEntry(path, draft))
    }
    return [...byPath.values()].sort(compareSortKeys)
  })

function makeEntry(
  path: string,
  draft: {
    kind: ManifestEntry['kind']
    mode: number
    mtimeNs: bigint
    lengths: readonly number[]
    large: boolean
  },
): ManifestEntry {
  const fields = { mode: draft.mode, mtimeNs: draft.mtimeNs }
  if (draft.kind === 'directory') return directoryEntry(path, fields)
  if (draft.kind === 'symlink') return symlinkEntry(path, '../x', fields)
  if (draft.large)
    return fileEntry(path, {
      ...fields,
      size: 5_000_000_000,
      chunkSize: 262_144,
      content: { blob: hash(Buffer.from(path)), chunks: 20_000 },
    })
  const size = draft.lengths.reduce((sum, length) => sum + length, 0)
  return fileEntry(path, { ...fields, size, content: makeRecords(draft.lengths, path) })
}
