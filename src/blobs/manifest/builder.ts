/**
 * Builds a manifest from entries in order. Pages are handed out as they fill, so memory stays that of one page and the
 * page table.
 *
 * Where a page ends depends on the entries and not on how many came before: each entry has a weight (about its encoded
 * size), and ends its page with a probability in proportion to it, drawn from the hash of its path. So an added or
 * changed entry changes its own page and, now and then, the next, and a receiver with the old manifest fetches only those.
 */
import { maxPathBytes } from '../../shared/paths.ts'
import { createByteColumn } from '../byte-column.ts'
import { hash } from '../hash.ts'
import type { ManifestEntry } from './entry.ts'
import { averagePageWeight, maxPageEntries, maxPageWeight, minPageWeight } from './limits.ts'
import { createPageScanner } from './page-scanner.ts'
import { createPageEncoder, encodePath, entryPageWeight, type PageColumns } from './page.ts'
import { encodeRoot } from './root.ts'
import type { ManifestTotals } from './root.ts'

export interface BuiltPage {
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
  /** How many it holds. */
  readonly entries: number
}

export interface BuiltManifest {
  /** BLAKE3 of `rootObject`. */
  readonly root: Uint8Array
  readonly rootObject: Uint8Array
  readonly totals: ManifestTotals
}

export interface ManifestBuilder {
  /** Takes the next entry. Order and rules are the caller's duty; see `validate.ts`. */
  push(entry: ManifestEntry): void
  /** The same for entries that are encoded already: whole runs of them are copied, and no object is made of any. */
  pushPage(page: PageColumns): void
  /** Ends the manifest; the last page is handed out before it returns. */
  finish(): BuiltManifest
}

export function createManifestBuilder(onPage: (page: BuiltPage) => void): ManifestBuilder {
  const encoder = createPageEncoder()
  const table = createByteColumn()
  const path = Buffer.allocUnsafe(maxPathBytes)
  const scanner = createPageScanner()
  /** Where the entry before ended. */
  const before = scanner.ends.slice()
  let weight = 0
  let entries = 0
  let files = 0
  let bytes = 0

  function endPage(): void {
    const count = encoder.count
    const page = encoder.take()
    const pageHash = hash(page)
    table.bytes(pageHash)
    table.u32(count)
    table.u32(page.byteLength)
    weight = 0
    onPage({ hash: pageHash, bytes: page, entries: count })
  }

  /** The limit comes before the entry: a page never weighs more, unless it has one entry only. */
  const isFull = (count: number, own: number): boolean => count > 0 && weight + own > maxPageWeight

  /** Counts an entry that is on the page now, the last one of `count`; true when it ends the page. */
  function countEntry(count: number, own: number, entryPath: Uint8Array, length: number): boolean {
    entries++
    weight += own
    if (count === maxPageEntries) return true
    return weight >= minPageWeight && pathHash(entryPath, length) < own * hashPerWeight
  }

  function countFile(size: number): void {
    files++
    bytes += size
  }

  return {
    push(entry) {
      const length = encodePath(entry.path, path)
      const own = entryPageWeight(entry, length)
      if (isFull(encoder.count, own)) endPage()
      encoder.add(entry, path, length)
      if (entry.kind === 'file') countFile(entry.size)
      if (countEntry(encoder.count, own, path, length)) endPage()
    },
    pushPage(page) {
      const { columns } = page
      scanner.begin(page)
      let from = scanner.ends.slice()
      let firstPath: Uint8Array = new Uint8Array()
      let restFrom = 0
      let run = 0
      /** Copies the run that ends at `to`. Its last path matters only when the page goes on behind it. */
      const copyRun = (to: Uint32Array): void => {
        if (run === 0) return
        const lastPath = scanner.path.subarray(0, scanner.pathLength)
        encoder.addRun({ count: run, columns, from, to, firstPath, restFrom, lastPath })
        from = to.slice()
        run = 0
      }
      for (let index = 0; index < page.count; index++) {
        before.set(scanner.ends)
        scanner.next()
        const { weight: own, pathLength } = scanner
        if (isFull(encoder.count + run, own)) {
          copyRun(before)
          endPage()
        }
        if (run === 0) {
          firstPath = scanner.path.slice(0, pathLength)
          restFrom = scanner.ends[0] as number
        }
        run++
        if (scanner.isFile) countFile(scanner.size)
        if (countEntry(encoder.count + run, own, scanner.path, pathLength)) {
          copyRun(scanner.ends)
          endPage()
        }
      }
      copyRun(scanner.ends)
    },
    finish() {
      if (encoder.count > 0) endPage()
      const totals = { entries, files, bytes }
      const rootObject = encodeRoot(totals, table.take())
      return { root: hash(rootObject), rootObject, totals }
    },
  }
}

/** An entry of weight w ends its page when its 32-bit path hash is below w times this. */
const hashPerWeight = 2 ** 32 / (averagePageWeight - minPageWeight)

/** FNV-1a over the path, and the final mix of MurmurHash3, without which its high bits are poor. */
function pathHash(path: Uint8Array, length: number): number {
  let value = 0x811c9dc5
  for (let index = 0; index < length; index++) value = Math.imul(value ^ (path[index] as number), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
