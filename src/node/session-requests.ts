/**
 * The receiver's requests that are under way, by number, and what arrives for them. Whatever arrives for a number that
 * is not under way, or more than was asked for, breaks the protocol. Memory is taken only for what was asked.
 */
import type { FerryError } from '../shared/errors.ts'
import { maxAnswerBytes } from './limits.ts'
import type { EntryRange, RangeFailure, ReadOutcome } from './session.ts'
import { broken } from './wire/frames.ts'
import type { ReplyValue } from './wire/messages.ts'

type Failures = readonly { readonly index: number; readonly reason: RangeFailure; readonly message: string }[]

/** One request. Each method throws E_PROTOCOL when it has no place in the answer; true means the answer is whole. */
export interface Pending {
  data(piece: Uint8Array): boolean
  /** Where the next content may be put before it is handed to `data`. */
  space?(): Uint8Array
  answer(lengths: readonly number[]): boolean
  failed(list: Failures): boolean
  reply(value: ReplyValue): boolean
  /** The provider could not answer, the caller gave up, or the link is gone. */
  reject(error: FerryError): void
  /** Waits for news: silence is no sign of a dead link. */
  readonly isPatient: boolean
}

interface Parts {
  data?(piece: Uint8Array): boolean
  space?(): Uint8Array
  answer?(lengths: readonly number[]): boolean
  failed?(list: Failures): boolean
  reply?(value: ReplyValue): boolean
}

function pending(parts: Parts, reject: (error: FerryError) => void, isPatient = false): Pending {
  const misplaced = (what: string) => (): boolean => {
    throw broken(`${what} has no place in this answer`)
  }
  return {
    data: misplaced('content'),
    answer: misplaced('a list of lengths'),
    failed: misplaced('a list of failures'),
    reply: misplaced('a reply'),
    ...parts,
    reject,
    isPatient,
  }
}

/** Fills `into`, or memory of its own, with the ranges that did not fail. */
export function pendingRead(
  ranges: readonly EntryRange[],
  into: Uint8Array | undefined,
  resolve: (outcome: ReadOutcome) => void,
  reject: (error: FerryError) => void,
): Pending {
  let total = 0
  for (const { length } of ranges) total += length
  // Not cleared: every byte is either received or set to zero below, and a request is only resolved when it is whole.
  const bytes = into ?? Buffer.allocUnsafeSlow(total)
  let failures: Failures = []
  let at = 0
  /** End of the present run of good bytes, and the failed ranges still ahead. */
  let runEnd = total
  let gaps: { start: number; end: number }[] = []
  const skipGap = (): void => {
    while (at === runEnd && at < total) {
      at = gaps.shift()?.end ?? total
      runEnd = gaps[0]?.start ?? total
    }
  }
  const isWhole = (): boolean => {
    if (at < total) return false
    resolve({ bytes, failed: failures })
    return true
  }
  return pending(
    {
      data(piece) {
        let taken = 0
        while (taken < piece.byteLength) {
          const room = Math.min(runEnd - at, piece.byteLength - taken)
          if (room === 0) throw broken('more content than was asked for')
          const isThere = piece.buffer === bytes.buffer && piece.byteOffset + taken === bytes.byteOffset + at
          if (!isThere)
            bytes.set(
              taken === 0 && room === piece.byteLength ? piece : piece.subarray(taken, taken + room),
              at,
            )
          at += room
          taken += room
          skipGap()
        }
        return isWhole()
      },
      space: () => bytes.subarray(at, runEnd),
      failed(list) {
        if (at > 0 || failures.length > 0) throw broken('failures are told after content')
        failures = list
        const indexes = new Set(list.map(({ index }) => index))
        let start = 0
        gaps = []
        for (const [index, { length }] of ranges.entries()) {
          if (indexes.has(index)) {
            gaps.push({ start, end: start + length })
            bytes.fill(0, start, start + length)
          }
          start += length
        }
        if (gaps.length !== list.length) throw broken('a failure names no range')
        runEnd = gaps[0]?.start ?? total
        skipGap()
        return isWhole()
      },
    },
    reject,
  )
}

/** Collects the items of an answer; `maxItemBytes` bounds each, `count` their number when it is known. */
export function pendingItems(
  count: number | undefined,
  maxItemBytes: number,
  resolve: (items: Uint8Array[]) => void,
  reject: (error: FerryError) => void,
  isPatient = false,
): Pending {
  let items: Uint8Array[] | undefined
  let index = 0
  let at = 0
  const isWhole = (): boolean => {
    while (at === items?.[index]?.byteLength) {
      index++
      at = 0
    }
    if (!items || index < items.length) return false
    resolve(items)
    return true
  }
  return pending(
    {
      answer(lengths) {
        const total = lengths.reduce((sum, length) => sum + length, 0)
        const tooLong = lengths.some((length) => length > maxItemBytes)
        if (items || (count !== undefined && lengths.length !== count) || tooLong || total > maxAnswerBytes)
          throw broken('an answer announces more than was asked for')
        items = lengths.map((length) => new Uint8Array(length))
        return isWhole()
      },
      data(piece) {
        if (!items) throw broken('content came before its lengths')
        for (let taken = 0; taken < piece.byteLength; ) {
          const item = items[index]
          if (!item) throw broken('more content than was announced')
          const part = piece.subarray(taken, taken + item.byteLength - at)
          item.set(part, at)
          at += part.byteLength
          taken += part.byteLength
          if (isWhole() && taken < piece.byteLength) throw broken('more content than was announced')
        }
        return items !== undefined && index === items.length
      },
    },
    reject,
    isPatient,
  )
}

export function pendingReply(
  resolve: (value: ReplyValue) => void,
  reject: (error: FerryError) => void,
  isPatient = false,
): Pending {
  return pending(
    {
      reply(value) {
        resolve(value)
        return true
      },
    },
    reject,
    isPatient,
  )
}

/** A run of bytes without a known end, such as the live log; the reply ends it. */
export function pendingStream(
  onData: (piece: Uint8Array) => void,
  onEnd: () => void,
  reject: (error: FerryError) => void,
): Pending {
  return pending(
    {
      data(piece) {
        onData(piece)
        return false
      },
      reply() {
        onEnd()
        return true
      },
    },
    reject,
    true,
  )
}

/** Takes the place of a request that the caller gave up, until the provider has noticed. */
export function pendingNothing(): Pending {
  const more = (): boolean => false
  return { data: more, answer: more, failed: more, reply: () => true, reject: () => {}, isPatient: false }
}
