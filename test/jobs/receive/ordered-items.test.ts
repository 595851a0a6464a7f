import assert from 'node:assert/strict'
import test from 'node:test'
import type { ManifestEntry } from '../../../src/blobs/manifest/entry.ts'
import { orderedItems } from '../../../src/jobs/receive/ordered-items.ts'
import type { TreeItem } from '../../../src/jobs/receive/receive-tree.ts'
import type { ReceiveOrder } from '../../../src/jobs/types.ts'
import { parseTreePath } from '../../../src/shared/paths.ts'

const file = (path: string, size: number, mtimeNs: bigint): ManifestEntry => ({
  kind: 'file',
  path: parseTreePath(path),
  size,
  mode: 0o644,
  mtimeNs,
  chunkSize: 65_536,
  content: new Uint8Array(0),
})

const entries: readonly ManifestEntry[] = [
  { kind: 'directory', path: parseTreePath('d'), mode: 0o755, mtimeNs: 0n },
  file('d/a', 5, 3n),
  file('d/b', 9, 1n),
  file('d/c', 5, 2n),
  file('d/unwanted', 100, 0n),
  { kind: 'symlink', path: parseTreePath('d/z'), target: 'a', mode: 0o777, mtimeNs: 0n },
]

const manifest = {
  *entries() {
    for (const [number, entry] of entries.entries()) yield { number, entry }
  },
}

test('orderedItems: folders and links first, then the wanted files in the order asked for, equal ones by name', async () => {
  const pathsBy = async (order: Exclude<ReceiveOrder, 'name'>): Promise<string> => {
    const items: TreeItem[][] = []
    for await (const group of orderedItems(manifest, (path) => path !== 'd/unwanted', order))
      items.push(group)
    for (const { number, entry } of items.flat()) assert.equal(entries[number], entry)
    return items.map((group) => group.map(({ entry }) => entry.path).join(' ')).join(' | ')
  }
  assert.equal(await pathsBy('size-desc'), 'd d/z | d/b d/a d/c')
  assert.equal(await pathsBy('size-asc'), 'd d/z | d/a d/c d/b')
  assert.equal(await pathsBy('mtime'), 'd d/z | d/b d/c d/a')
})
