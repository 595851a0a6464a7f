/**
 * The entries of a manifest with its files in another order than by name. Folders and links go before all files. Every
 * entry is kept in memory until its turn, which going by name does not need.
 */
import type { FileEntry } from '../../blobs/manifest/entry.ts'
import type { ManifestReader } from '../../blobs/manifest/reader.ts'
import type { ReceiveOrder } from '../types.ts'
import { filesPerBatch } from './small-files.ts'
import type { TreeItem } from './receive-tree.ts'

interface FileItem extends TreeItem {
  readonly entry: FileEntry
}

const orders: Readonly<Record<Exclude<ReceiveOrder, 'name'>, (a: FileEntry, b: FileEntry) => number>> = {
  'size-desc': (a, b) => b.size - a.size,
  'size-asc': (a, b) => a.size - b.size,
  mtime: (a, b) => (a.mtimeNs < b.mtimeNs ? -1 : a.mtimeNs > b.mtimeNs ? 1 : 0),
}

/** Equal ones stay by name. */
export async function* orderedItems(
  manifest: Pick<ManifestReader, 'entries'>,
  wanted: (path: string) => boolean,
  order: Exclude<ReceiveOrder, 'name'>,
): AsyncGenerator<TreeItem[]> {
  const files: FileItem[] = []
  const others: TreeItem[] = []
  for (const { number, entry } of manifest.entries())
    if (entry.kind !== 'file') others.push({ number, entry })
    else if (wanted(entry.path)) files.push({ number, entry })
  if (others.length > 0) yield others
  const compare = orders[order]
  files.sort((a, b) => compare(a.entry, b.entry))
  for (let from = 0; from < files.length; from += filesPerBatch) yield files.slice(from, from + filesPerBatch)
}
