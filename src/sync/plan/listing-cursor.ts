/**
 * Walks through one listing, entry by entry, asking for the next batch while the last one is being used. It checks the
 * order, on which the lock step rests, and tells folders that the listing leaves out: a bucket has `a/b` and no `a`.
 */
import { FerryError } from '../../shared/errors.ts'
import { compareUtf8, isDirectlyIn, parentPath, shortenName, type TreePath } from '../../shared/paths.ts'
import type { SyncEntry } from '../source.ts'

export interface ListingCursor {
  /** Undefined at the end. */
  readonly entry: SyncEntry | undefined
  /** Sort key of `entry`; '' at the end. */
  readonly key: string
  /** Goes to the next entry if it is at hand; false: `fill` first. */
  step(): boolean
  /** Waits for more, then steps. @throws E_IO when the listing is not sorted, and whatever the listing throws */
  fill(): Promise<void>
  close(): Promise<void>
}

/** A folder that is only a part of the names in it. */
function impliedFolder(path: string): SyncEntry {
  return {
    path: path as TreePath,
    kind: 'directory',
    size: 0,
    mtimeNs: undefined,
    mode: undefined,
    version: '',
  }
}

/** The listing starts at once. `what` stands in messages: `the source`. */
export function openCursor(listing: AsyncIterable<readonly SyncEntry[]>, what: string): ListingCursor {
  const iterator = listing[Symbol.asyncIterator]()
  let batch: readonly SyncEntry[] = []
  let index = 0
  let ended = false
  /** Next entry of the listing, while folders above it are told first. */
  let waiting: SyncEntry | undefined
  let lastKey = ''
  /** The deepest folder whose contents may still come, or one below it. */
  let folder = ''
  let entry: SyncEntry | undefined
  let key = ''
  let next = ask()

  function ask(): Promise<IteratorResult<readonly SyncEntry[]>> {
    const answer = iterator.next()
    // It is awaited in `fill`, perhaps after something else has failed.
    answer.catch(() => {})
    return answer
  }

  /** The topmost folder above `path` that was not told; undefined when all were. */
  function missingFolder(path: string): string | undefined {
    if (folder !== '' && isDirectlyIn(path, folder)) return undefined
    const parent = parentPath(path)
    if (parent === '' || parent === folder || folder.startsWith(`${parent}/`)) return undefined
    let known = folder
    while (known !== '' && !parent.startsWith(`${known}/`)) known = parentPath(known)
    const slash = parent.indexOf('/', known === '' ? 0 : known.length + 1)
    return slash < 0 ? parent : parent.slice(0, slash)
  }

  function tell(told: SyncEntry, toldKey: string): void {
    entry = told
    key = toldKey
    folder = told.kind === 'directory' ? told.path : parentPath(told.path)
  }

  function take(): boolean {
    let candidate = waiting
    if (candidate === undefined) {
      candidate = batch[index]
      if (candidate === undefined) return false
      index++
      const candidateKey = candidate.kind === 'directory' ? `${candidate.path}/` : candidate.path
      if (lastKey !== '' && compareUtf8(lastKey, candidateKey) >= 0)
        throw new FerryError(
          'E_IO',
          `Cannot compare ${what}: its listing is out of order ("${shortenName(candidateKey)}" came after "${shortenName(lastKey)}")`,
        )
      lastKey = candidateKey
    }
    const missing = missingFolder(candidate.path)
    if (missing === undefined) {
      waiting = undefined
      tell(candidate, lastKey)
    } else {
      waiting = candidate
      tell(impliedFolder(missing), `${missing}/`)
    }
    return true
  }

  return {
    get entry() {
      return entry
    },
    get key() {
      return key
    },
    step: () => !ended && take(),
    async fill() {
      while (!ended) {
        const result = await next
        if (result.done === true) {
          ended = true
          entry = undefined
          key = ''
          return
        }
        batch = result.value
        index = 0
        next = ask()
        if (take()) return
      }
    },
    async close() {
      if (ended) return
      ended = true
      // A batch under way comes first: a generator does not end in the middle of one.
      await iterator.return?.()
    },
  }
}
