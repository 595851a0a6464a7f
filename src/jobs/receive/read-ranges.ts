/** Reads content from providers, more than one read may carry if need be, and explains what none of them could give. */
import type { EntryRange, PeerSession, RangeFailure } from '../../node/session.ts'
import type { FetchedRead } from '../../node/fetcher.ts'
import { longWindowBytes, maxReadBytes, maxReadRanges } from '../../node/limits.ts'
import { FerryError } from '../../shared/errors.ts'
import { createSlabPool } from '../../shared/slabs.ts'
import type { ReceiveRun } from './run.ts'

export interface ReadPiece {
  readonly session: PeerSession
  readonly ranges: readonly EntryRange[]
}

export interface RangesRead {
  /** All ranges, one after the other; those that failed are zeros. Good until `release` is called. */
  readonly bytes: Uint8Array
  readonly failed: FetchedRead['failed']
  /** Who gave which ranges. */
  readonly pieces: readonly ReadPiece[]
  release(): void
}

/** What is read when nothing is asked for. */
export const nothingRead: RangesRead = {
  bytes: new Uint8Array(0),
  failed: [],
  pieces: [],
  release: () => undefined,
}

/** Content on its way into files. One pool for all receives of the process, as they share its threads. */
const slabs = createSlabPool(longWindowBytes)

/** Cuts ranges so that none is longer than `mostBytes`. */
function splitRanges(
  ranges: readonly EntryRange[],
  mostBytes: number,
): { range: EntryRange; index: number }[] {
  return ranges.flatMap((range, index) => {
    const parts: { range: EntryRange; index: number }[] = []
    for (let done = 0; done < range.length; done += mostBytes)
      parts.push({
        range: {
          entry: range.entry,
          offset: range.offset + done,
          length: Math.min(mostBytes, range.length - done),
        },
        index,
      })
    return parts
  })
}

type ReadRun = Pick<ReceiveRun, 'fetcher' | 'signal' | 'tally' | 'throttle'>

/** The caller releases what it gets. @throws E_UNREACHABLE, E_REFUSED, E_CANCELLED when nobody is left to ask. */
export async function readRanges(run: ReadRun, ranges: readonly EntryRange[]): Promise<RangesRead> {
  const slab = slabs.lend(ranges.reduce((sum, range) => sum + range.length, 0))
  // After a failure it is not given back: a link may still be reading into it.
  return { ...(await readInto(run, ranges, slab.bytes)), release: slab.release }
}

async function readInto(
  run: ReadRun,
  ranges: readonly EntryRange[],
  bytes: Uint8Array,
): Promise<Omit<RangesRead, 'release'>> {
  const read = async (some: readonly EntryRange[], into: Uint8Array): Promise<FetchedRead> => {
    const { byteLength } = into
    const wait = run.throttle.take(byteLength, run.signal)
    if (wait) await wait
    const outcome = await run.fetcher.read(some, { signal: run.signal, into })
    run.tally.bytes.fetched += outcome.bytes.byteLength
    // It is somewhere else when the fullest of several answers was not the last one.
    if (outcome.bytes.buffer !== into.buffer) into.set(outcome.bytes)
    return outcome
  }
  const mostBytes = Math.min(maxReadBytes, Math.floor(run.throttle.pieceBytes))
  if (bytes.byteLength <= mostBytes && ranges.length <= maxReadRanges) {
    const { failed, session } = await read(ranges, bytes)
    return { bytes, failed, pieces: [{ session, ranges }] }
  }
  // Chunks of very large files exceed one read, and with a rate content flows in small ones.
  const failed: FetchedRead['failed'][number][] = []
  const pieces: ReadPiece[] = []
  let at = 0
  let batch: { range: EntryRange; index: number }[] = []
  let length = 0
  const flush = async (): Promise<void> => {
    const some = batch.map(({ range }) => range)
    const outcome = await read(some, bytes.subarray(at, at + length))
    at += length
    for (const failure of outcome.failed) failed.push({ ...failure, index: batch[failure.index]?.index ?? 0 })
    pieces.push({ session: outcome.session, ranges: some })
    batch = []
    length = 0
  }
  for (const part of splitRanges(ranges, mostBytes)) {
    if (length + part.range.length > mostBytes || batch.length === maxReadRanges) await flush()
    batch.push(part)
    length += part.range.length
  }
  if (batch.length > 0) await flush()
  return { bytes, failed, pieces }
}

const reasons: Record<RangeFailure, string> = {
  changed: 'it changed at the sender after it was shared',
  unreadable: 'the sender cannot read it',
  unknown: 'nobody who is there has it',
}

export function rangeError(
  path: string,
  failure: { readonly reason: RangeFailure; readonly message: string },
): FerryError {
  const detail = failure.message === '' ? '' : ` (${failure.message})`
  return new FerryError(
    failure.reason === 'unknown' ? 'E_NOT_FOUND' : 'E_CHANGED',
    `Cannot fetch "${path}": ${reasons[failure.reason]}${detail}`,
    { hint: 'when the sender has shared it again, run the same command again' },
  )
}

export function changedError(path: string): FerryError {
  return rangeError(path, { reason: 'changed', message: '' })
}

/** Tells each provider which of its ranges were wrong. 'changed' when one of them found its file changed. */
export async function reportBadRanges(
  run: Pick<ReceiveRun, 'fetcher'>,
  pieces: readonly ReadPiece[],
  bad: readonly EntryRange[],
): Promise<'changed' | 'dropped'> {
  let verdict: 'changed' | 'dropped' = 'dropped'
  for (const { session, ranges } of pieces) {
    const own = bad.filter((range) => ranges.some((given) => overlaps(range, given)))
    if (own.length > 0 && (await run.fetcher.reportBad(session, own)) === 'changed') verdict = 'changed'
  }
  return verdict
}

function overlaps(left: EntryRange, right: EntryRange): boolean {
  return (
    left.entry === right.entry &&
    left.offset < right.offset + right.length &&
    right.offset < left.offset + left.length
  )
}
