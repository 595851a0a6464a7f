/**
 * Reads a manifest that lies in the store: pages and entries by number, decoded when asked for. Keeps a few decoded
 * pages, so that neighbours cost one decode. It trusts what it reads: the store checks hashes, and rules were checked
 * when the manifest came in.
 */
import { FerryError } from '../../shared/errors.ts'
import type { ObjectTable } from '../store/store.ts'
import type { ManifestEntry } from './entry.ts'
import { decodePage } from './page.ts'
import { decodeRoot } from './root.ts'
import type { ManifestRoot } from './root.ts'

/** Decoded pages kept: more than the files that are fetched at once, each of which may be on its own page. */
const pagesKept = 16

export interface ManifestReader extends ManifestRoot {
  /** Hash of the root object. */
  readonly hash: Uint8Array
  /** The decoded page. @throws E_NOT_FOUND when it is not in the store */
  entriesOf(page: number): readonly ManifestEntry[]
  /** Entry `number`, 0 ≤ number < totals.entries. */
  entry(number: number): ManifestEntry
  /** All entries from number `from` on, in order. */
  entries(from?: number): IterableIterator<{ readonly number: number; readonly entry: ManifestEntry }>
}

/** @throws E_NOT_FOUND when the store has no such root; E_MANIFEST when what it has cannot be read. */
export function openManifest(objects: Pick<ObjectTable, 'get'>, hash: Uint8Array): ManifestReader {
  const bytes = objects.get(hash)
  if (bytes === undefined)
    throw new FerryError('E_NOT_FOUND', 'Cannot open the manifest: it is not in the store')
  const root = decodeRoot(bytes)
  /** Oldest use first, as Map keeps the order of insertion. */
  const pages = new Map<number, readonly ManifestEntry[]>()

  function decode(index: number): readonly ManifestEntry[] {
    const info = root.page(index)
    const encoded = objects.get(info.hash)
    if (encoded === undefined)
      throw new FerryError('E_NOT_FOUND', `Cannot read page ${index} of the manifest: it is not in the store`)
    const page = decodePage(encoded)
    if (page.length !== info.entries)
      throw new FerryError('E_MANIFEST', `Cannot read page ${index} of the manifest: its length is wrong`)
    return page
  }

  function entriesOf(index: number): readonly ManifestEntry[] {
    const page = pages.get(index) ?? decode(index)
    pages.delete(index)
    pages.set(index, page)
    if (pages.size > pagesKept) pages.delete(pages.keys().next().value as number)
    return page
  }

  return {
    ...root,
    hash,
    entriesOf,
    entry(number) {
      const page = root.pageOf(number)
      return entriesOf(page)[number - root.page(page).first] as ManifestEntry
    },
    *entries(from = 0) {
      for (let number = from; number < root.totals.entries; ) {
        const index = root.pageOf(number)
        // Not kept: who goes through all entries wants each page once, and soon forgotten entries cost no memory.
        const page = pages.get(index) ?? decode(index)
        const { first } = root.page(index)
        for (; number < first + page.length; number++)
          yield { number, entry: page[number - first] as ManifestEntry }
      }
    },
  }
}
