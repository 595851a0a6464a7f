/**
 * The root object: totals and the table of pages. Its BLAKE3 is the root of the manifest, and so the name of everything
 * in the tree. The page table stays packed, 40 bytes a page: a manifest of fifty million entries has a table of a few
 * megabytes.
 */
import { FerryError } from '../../shared/errors.ts'
import { hashBytes } from '../chunk-records.ts'
import {
  maxEntries,
  maxManifestBytes,
  maxPageBytes,
  maxPageEntries,
  maxPages,
  maxRootBytes,
} from './limits.ts'
import { decodeTuple, encodeTuple } from './tuple.ts'

/** Version of the manifest format; the first item of every root object. */
const manifestVersion = 1
/** Hash, u32 entries, u32 bytes. */
export const pageItemBytes: number = hashBytes + 8

export interface ManifestTotals {
  readonly entries: number
  readonly files: number
  /** Sum of all file sizes. */
  readonly bytes: number
}

export interface PageInfo {
  readonly hash: Uint8Array
  readonly entries: number
  /** Length of the encoded page. */
  readonly bytes: number
  /** Number of the page's first entry. */
  readonly first: number
}

export interface ManifestRoot {
  readonly totals: ManifestTotals
  readonly pageCount: number
  /** Sum of the lengths of all encoded pages: what the manifest takes on the wire and in the store. */
  readonly pageBytes: number
  page(index: number): PageInfo
  /** The page that holds entry `number` (0 ≤ number < totals.entries). */
  pageOf(number: number): number
}

export function encodeRoot(totals: ManifestTotals, pageTable: Uint8Array): Uint8Array {
  return encodeTuple([manifestVersion, [totals.entries, totals.files, totals.bytes], pageTable])
}

/**
 * @throws E_MANIFEST when `bytes` is no root object, breaks a limit, or disagrees with itself.
 */
export function decodeRoot(bytes: Uint8Array): ManifestRoot {
  const fail = (reason: string): never => {
    throw new FerryError('E_MANIFEST', `Cannot read the manifest: ${reason}`)
  }
  const [version, totals, table, ...rest] = decodeTuple(bytes, maxRootBytes, 'the manifest')
  if (typeof version === 'number' && version > manifestVersion)
    throw new FerryError('E_MANIFEST', `Cannot read the manifest: it is of the newer version ${version}`, {
      hint: 'update ferry on this computer',
    })
  if (version !== manifestVersion || rest.length > 0) fail('it is not well-formed')
  if (!Array.isArray(totals) || totals.length !== 3 || !totals.every(isCount)) return fail('it has no totals')
  const [entries, files, totalBytes] = totals as [number, number, number]
  if (entries > maxEntries) fail(`it has more than ${maxEntries} entries`)
  if (files > entries) fail('it has more files than entries')
  if (!(table instanceof Uint8Array) || table.byteLength % pageItemBytes !== 0)
    return fail('it has no page table')
  const pageCount = table.byteLength / pageItemBytes
  if (pageCount > maxPages) fail(`it has more than ${maxPages} pages`)

  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const firsts = new Uint32Array(pageCount + 1)
  let allPageBytes = 0
  for (let index = 0; index < pageCount; index++) {
    const pageEntries = view.getUint32(index * pageItemBytes + hashBytes, true)
    const pageBytes = view.getUint32(index * pageItemBytes + hashBytes + 4, true)
    if (pageEntries === 0 || pageEntries > maxPageEntries) fail('a page has an impossible count of entries')
    if (pageBytes === 0 || pageBytes > maxPageBytes) fail('a page has an impossible length')
    allPageBytes += pageBytes
    const next = (firsts[index] as number) + pageEntries
    if (next > entries) fail('its pages hold more entries than its totals say')
    firsts[index + 1] = next
  }
  if (allPageBytes > maxManifestBytes) fail(`it is larger than ${maxManifestBytes} bytes`)
  if (firsts[pageCount] !== entries) fail('its pages hold fewer entries than its totals say')

  return {
    totals: { entries, files, bytes: totalBytes },
    pageCount,
    pageBytes: allPageBytes,
    page(index) {
      if (!(index >= 0 && index < pageCount))
        throw new FerryError('E_INTERNAL', `Cannot find page ${index} of ${pageCount}`)
      const at = index * pageItemBytes
      return {
        hash: table.subarray(at, at + hashBytes),
        entries: view.getUint32(at + hashBytes, true),
        bytes: view.getUint32(at + hashBytes + 4, true),
        first: firsts[index] as number,
      }
    },
    pageOf(number) {
      if (!(number >= 0 && number < entries))
        throw new FerryError('E_INTERNAL', `Cannot find entry ${number} of ${entries}`)
      let low = 0
      let high = pageCount - 1
      while (low < high) {
        const middle = (low + high + 1) >>> 1
        if ((firsts[middle] as number) <= number) low = middle
        else high = middle - 1
      }
      return low
    },
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
