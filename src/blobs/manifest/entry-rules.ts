/**
 * What one entry must fulfil by itself: mode, time, size, chunk lengths, link target. Which entries may stand together is
 * in `validate.ts`.
 */
import { FerryError } from '../../shared/errors.ts'
import { parentPath, shortenName } from '../../shared/paths.ts'
import { chunkCount, chunkLengthAt } from '../chunk-records.ts'
import type { ChunkRecords } from '../chunk-records.ts'
import { maxInlineChunks } from './entry.ts'
import type { FileEntry, ManifestEntry, SymlinkEntry } from './entry.ts'
import {
  chunkSizeSpread,
  maxBlobChunks,
  maxChunkSizeLog2,
  maxTargetBytes,
  minChunkSizeLog2,
} from './limits.ts'

/** @throws E_MANIFEST always; names the entry. */
export function refuseEntry(path: string, reason: string): never {
  throw new FerryError('E_MANIFEST', `Cannot accept "${shortenName(path)}" of the manifest: ${reason}`)
}

/** @throws E_MANIFEST when the entry's own fields are impossible. `contentFollows`: the chunks are told later. */
export function checkEntry(entry: ManifestEntry, contentFollows: boolean): void {
  if (!Number.isInteger(entry.mode) || entry.mode < 0 || entry.mode > 0o777)
    refuseEntry(entry.path, 'its mode has more than permission bits')
  if (BigInt.asIntN(64, entry.mtimeNs) !== entry.mtimeNs)
    refuseEntry(entry.path, 'its time is before 1677 or after 2262')
  if (entry.kind === 'file') checkFile(entry, contentFollows)
  else if (entry.kind === 'symlink') checkTarget(entry)
}

function checkFile(entry: FileEntry, contentFollows: boolean): void {
  const { path, size, chunkSize, content } = entry
  if (!Number.isSafeInteger(size) || size < 0) refuseEntry(path, 'its size is impossible')
  const log2 = 31 - Math.clz32(chunkSize)
  if (chunkSize !== 2 ** log2 || log2 < minChunkSizeLog2 || log2 > maxChunkSizeLog2)
    refuseEntry(path, 'its chunk size is impossible')
  if (content instanceof Uint8Array) {
    if (contentFollows) {
      if (content.byteLength > 0) refuseEntry(path, 'it has chunks before its first chunk')
      return
    }
    if (chunkCount(content) > maxInlineChunks) refuseEntry(path, 'it carries too many chunks')
    const state = { sum: 0, chunks: 0, short: false }
    checkRecords(entry, state, content)
    checkEnd(entry, state)
    return
  }
  if (contentFollows) refuseEntry(path, 'it has chunks before its first chunk')
  const { chunks } = content
  // Between: all of the largest size, and all of the smallest and a short last one.
  const fewest = Math.ceil(size / (chunkSize * chunkSizeSpread))
  const most = Math.ceil(size / (chunkSize / chunkSizeSpread))
  if (chunks <= maxInlineChunks || chunks > maxBlobChunks || chunks < fewest || chunks > most)
    refuseEntry(path, 'its count of chunks does not fit its size')
}

function checkTarget(entry: SymlinkEntry): void {
  const { path, target } = entry
  if (target === '') refuseEntry(path, 'it is a link without a target')
  if (target.length * 3 > maxTargetBytes && Buffer.byteLength(target) > maxTargetBytes)
    refuseEntry(path, `it is a link with a target longer than ${maxTargetBytes} bytes`)
  if (target.includes('\0') || !target.isWellFormed())
    refuseEntry(path, 'it is a link with an impossible target')
}

/** True when the target of a link at `path` is absolute or climbs above the top of the tree. */
export function leavesTree(path: string, target: string): boolean {
  if (target.startsWith('/') || target.includes('\\') || /^[a-z]:/i.test(target)) return true
  const parent = parentPath(path)
  let depth = parent === '' ? 0 : parent.split('/').length
  for (const name of target.split('/')) {
    if (name === '..') depth--
    else if (name !== '.' && name !== '') depth++
    if (depth < 0) return true
  }
  return false
}

export interface ChunkListCheck {
  /** The next records of the file. */
  push(records: ChunkRecords): void
  /** All records were given. */
  end(): void
}

type ListOwner = Pick<FileEntry, 'path' | 'size' | 'chunkSize'>

/** How far the check of a list has come. */
interface ListState {
  sum: number
  chunks: number
  /** The last chunk was below the least length, as only the last of the file may be. */
  short: boolean
}

/**
 * Checks a chunk list, as it comes, against the size of its file and the bounds of its chunk size.
 * @throws E_MANIFEST from `push` and `end`.
 */
export function createChunkListCheck(file: ListOwner): ChunkListCheck {
  const state = { sum: 0, chunks: 0, short: false }
  return {
    push: (records) => checkRecords(file, state, records),
    end: () => checkEnd(file, state),
  }
}

function checkRecords(file: ListOwner, state: ListState, records: ChunkRecords): void {
  const { path, size, chunkSize } = file
  const least = chunkSize / chunkSizeSpread
  const most = chunkSize * chunkSizeSpread
  const count = chunkCount(records)
  if (!Number.isInteger(count)) refuseEntry(path, 'its chunk list is cut short')
  state.chunks += count
  if (state.chunks > maxBlobChunks) refuseEntry(path, 'it has too many chunks')
  for (let index = 0; index < count; index++) {
    const length = chunkLengthAt(records, index)
    if (state.short || length === 0 || length > most)
      refuseEntry(path, 'a chunk of it has an impossible length')
    state.short = length < least
    state.sum += length
  }
  if (state.sum > size) refuseEntry(path, 'its chunks are longer than its size')
}

function checkEnd({ path, size }: ListOwner, state: ListState): void {
  if (state.sum !== size) refuseEntry(path, 'its chunks are shorter than its size')
}
