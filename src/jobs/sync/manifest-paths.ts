/**
 * Entries of a manifest by path: by bisection over its pages, so that a tree of a million files takes no table. It knows
 * how far the listing has come, since only what was listed is asked for.
 */
import type { ManifestEntry } from '../../blobs/manifest/entry.ts'
import type { ManifestReader } from '../../blobs/manifest/reader.ts'
import { compareSortKeys } from '../../shared/paths.ts'

export interface NumberedManifestEntry {
  readonly number: number
  readonly entry: ManifestEntry
}

type Key = Pick<ManifestEntry, 'path' | 'kind'>

export interface ManifestPaths {
  /** All entries, a page at a time. */
  pages(): IterableIterator<readonly ManifestEntry[]>
  find(key: Key): NumberedManifestEntry | undefined
}

export function createManifestPaths(manifest: ManifestReader): ManifestPaths {
  /** The first entry of each page that was looked at, without gaps. */
  const firsts: Key[] = []

  function keyOf(page: number): Key {
    for (let next = firsts.length; next <= page; next++) {
      const { path, kind } = manifest.entriesOf(next)[0] as ManifestEntry
      firsts.push({ path, kind })
    }
    return firsts[page] as Key
  }

  /** The last of `count` items that does not come behind the key; -1 when all do. */
  function lastUpTo(key: Key, count: number, itemAt: (index: number) => Key): number {
    let low = -1
    let high = count
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (compareSortKeys(itemAt(middle), key) <= 0) low = middle
      else high = middle
    }
    return low
  }

  return {
    *pages() {
      for (let page = 0; page < manifest.pageCount; page++) {
        keyOf(page)
        yield manifest.entriesOf(page)
      }
    },
    find(key) {
      let page = lastUpTo(key, firsts.length, keyOf)
      // Behind what was listed: go on from there.
      while (page === firsts.length - 1 && page + 1 < manifest.pageCount) {
        if (compareSortKeys(keyOf(page + 1), key) > 0) break
        page++
      }
      if (page < 0) return undefined
      const entries = manifest.entriesOf(page)
      const index = lastUpTo(key, entries.length, (at) => entries[at] as ManifestEntry)
      const entry = entries[index]
      if (!entry || compareSortKeys(entry, key) !== 0) return undefined
      return { number: manifest.page(page).first + index, entry }
    },
  }
}
