/**
 * The entries of a share by number, while it is being hashed and afterwards. Invariant: memory holds the entries of the
 * manifest page that is not full yet, and a few pages read back from the store; never the whole tree.
 */
import { concatBytes } from '../../shared/bytes.ts'
import type { ChunkRecords } from '../../blobs/chunk-records.ts'
import type { IngestEvent } from '../../blobs/ingest/ingest.ts'
import type { ToldEvent } from '../../blobs/live-event.ts'
import { createLiveManifest } from '../../blobs/live-manifest.ts'
import type { BuiltManifest } from '../../blobs/manifest/builder.ts'
import type { FileEntry, ManifestEntry } from '../../blobs/manifest/entry.ts'
import { createPageFiles, type FileOnPage, type PageFiles } from '../../blobs/manifest/page-files.ts'
import { decodeColumns, decodeEntries, decodePage, type PageColumns } from '../../blobs/manifest/page.ts'
import { decodeRoot, type ManifestRoot } from '../../blobs/manifest/root.ts'
import type { ObjectTable } from '../../blobs/store/store.ts'
import type { Numbering } from '../../node/share-offer.ts'

/** Pages kept: receivers go through the tree in order, each at its own place. */
const pagesKept = 8

interface Page {
  readonly hash: Uint8Array
  /** Sealed number of its first entry. */
  readonly first: number
  readonly entries: number
}

/** Entries of one event. */
interface Told {
  /** Sealed number of the first one. */
  readonly first: number
  readonly count: number
  /** A large file comes as its entry. */
  readonly page: PageColumns | FileEntry
  /** Made when somebody asks. */
  files?: PageFiles
}

export interface Catalogue {
  /** Takes what ingest found and returns what the live log tells of it. */
  take(event: IngestEvent): ToldEvent
  /** Ends the manifest. */
  finish(): BuiltManifest
  /** Numbers of the live stream that have no entry, ascending. */
  readonly dropped: readonly number[]
  /** Undefined before `finish`. */
  readonly manifest: (ManifestRoot & { readonly hash: Uint8Array; readonly bytes: Uint8Array }) | undefined
  /** Undefined when there is none, or none yet, or it was dropped. */
  entry(number: number, numbering: Numbering): ManifestEntry | undefined
  /** What reading a file takes, at less cost than its entry. Undefined when there is none, or it is no file. */
  file(number: number, numbering: Numbering): FileOnPage | undefined
  /** The chunks of a file; of one that is still being cut, those known so far. */
  records(entry: FileEntry): ChunkRecords | undefined
}

export function createCatalogue(objects: ObjectTable): Catalogue {
  const pages: Page[] = []
  /** Entries that are not all on a page yet, as they were told. */
  const tail: Told[] = []
  const dropped: number[] = []
  let told = 0
  /** Entries that were told and not dropped. */
  let kept = 0
  let open: { readonly number: number; readonly entry: FileEntry; readonly parts: ChunkRecords[] } | undefined
  let manifest: Catalogue['manifest']

  const builder = createLiveManifest((object) => {
    objects.putMany([object])
    if (object.kind !== 'page') return
    pages.push({ hash: object.hash, first: pagedEntries(), entries: object.entries })
    while (tail[0] && tail[0].first + tail[0].count <= pagedEntries()) tail.shift()
  })
  const pagedEntries = (): number => {
    const last = pages.at(-1)
    return last ? last.first + last.entries : 0
  }

  function keep(count: number, page: Told['page']): void {
    tail.push({ first: kept, count, page })
    kept += count
  }

  function toLive(event: IngestEvent): ToldEvent {
    switch (event.type) {
      case 'entries': {
        const first = told
        told += event.page.count
        keep(event.page.count, event.page)
        return { type: 'page', first, page: event.page }
      }
      case 'open':
        open = { number: told++, entry: event.entry, parts: [] }
        return { type: 'open', number: open.number, entry: open.entry }
      case 'chunks':
        open?.parts.push(event.records)
        return { type: 'chunks', number: told - 1, records: event.records }
      case 'close':
        open = undefined
        keep(1, event.entry)
        return { type: 'close', number: told - 1 }
      case 'drop':
      default:
        open = undefined
        dropped.push(told - 1)
        return { type: 'drop', number: told - 1, path: event.path, reason: event.error.message }
    }
  }

  /** Undefined when the disk has changed it. */
  const pageBytes = (index: number): Uint8Array | undefined => objects.get((pages[index] as Page).hash)
  const entriesOf = keepRecent(pagesKept, (index): readonly ManifestEntry[] => {
    const bytes = pageBytes(index)
    return bytes ? decodePage(bytes) : []
  })
  const filesOf = keepRecent(pagesKept, (index): PageFiles | undefined => {
    const bytes = pageBytes(index)
    return bytes && createPageFiles(decodeColumns(bytes))
  })

  const pageOf = (number: number): number => countUpTo(pages, ({ first }) => first <= number) - 1
  function toldOf(number: number): Told | undefined {
    const some = tail[countUpTo(tail, ({ first }) => first <= number) - 1]
    return some && number < some.first + some.count ? some : undefined
  }

  function sealedEntry(number: number): ManifestEntry | undefined {
    if (number < pagedEntries()) {
      const page = pageOf(number)
      return entriesOf(page)[number - (pages[page] as Page).first]
    }
    const some = toldOf(number)
    if (!some) return undefined
    return 'columns' in some.page ? decodeEntries(some.page)[number - some.first] : some.page
  }

  function sealedFile(number: number): FileOnPage | undefined {
    if (number < pagedEntries()) {
      const page = pageOf(number)
      return filesOf(page)?.file(number - (pages[page] as Page).first)
    }
    const some = toldOf(number)
    if (!some) return undefined
    if (!('columns' in some.page)) return some.page
    some.files ??= createPageFiles(some.page)
    return some.files.file(number - some.first)
  }

  /** Its number in the sealed manifest; undefined for one that was dropped. */
  function sealedNumber(number: number, numbering: Numbering): number | undefined {
    if (numbering === 'sealed') return number
    const before = countUpTo(dropped, (other) => other < number)
    return dropped[before] === number ? undefined : number - before
  }

  return {
    dropped,
    get manifest() {
      return manifest
    },
    take(event) {
      const live = toLive(event)
      builder.take(live)
      return live
    },
    finish() {
      const built = builder.finish()
      manifest = { ...decodeRoot(built.rootObject), hash: built.root, bytes: built.rootObject }
      return built
    },
    entry(number, numbering) {
      if (numbering === 'live' && open?.number === number) return open.entry
      const sealed = sealedNumber(number, numbering)
      return sealed === undefined ? undefined : sealedEntry(sealed)
    },
    file(number, numbering) {
      if (numbering === 'live' && open?.number === number) return open.entry
      const sealed = sealedNumber(number, numbering)
      return sealed === undefined ? undefined : sealedFile(sealed)
    },
    records(entry) {
      if (entry === open?.entry) return concatBytes(open.parts)
      return entry.content instanceof Uint8Array ? entry.content : objects.get(entry.content.blob)
    },
  }
}

/** How many of the first items fulfil `test`; those that do come first. */
function countUpTo<Item>(items: readonly Item[], test: (item: Item) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (test(items[middle] as Item)) low = middle + 1
    else high = middle
  }
  return low
}

/** Keeps the last `count` values that were asked for. */
function keepRecent<Value>(count: number, make: (key: number) => Value): (key: number) => Value {
  /** Oldest use first. */
  const kept = new Map<number, Value>()
  return (key) => {
    const value = kept.get(key) ?? make(key)
    kept.delete(key)
    kept.set(key, value)
    if (kept.size > count) kept.delete(kept.keys().next().value as number)
    return value
  }
}
