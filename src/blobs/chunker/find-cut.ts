/**
 * The chunker in plain TypeScript: the readable definition of where chunks end, and the oracle for the fast twin in
 * `assembly/cut.ts`.
 *
 * Each byte counts as a number of 8 bits (`substitution.ts`). The rolling sum takes one byte as `sum = 2 × sum + number`
 * (mod 2³²), so it depends on the last 32 bytes only. The hash is the sum times a constant, read as a signed number. A
 * chunk ends behind the first byte, at least `minBytes` from its beginning, where the hash is below a threshold; at the
 * latest after `maxBytes`. So whether a position can be a cut depends only on the 32 bytes before it, and what follows a
 * cut only on what lies behind it: two cutters that meet in one cut agree ever after.
 *
 * It is FastCDC's gear hash with numbers that vector instructions can look up, and a multiplication in place of their
 * width. docs/decisions/002-chunking.md has the measurements.
 */
import type { ChunkerParameters } from './parameters.ts'
import { substitution } from './substitution.ts'

/** Bytes that the hash of a position depends on. */
export const hashWindowBytes = 32

/**
 * 2³² divided by the golden ratio, made odd: multiples of it are spread evenly. With it, no run of one byte value has
 * candidates, so that such runs become chunks of the maximum size (at the averages of files).
 */
export const multiplier = 0x9e3779b1

/**
 * The end of the chunk that begins at `from`, if it lies in the content up to `end`; 0 if more is needed to tell
 * (at the end of a file, what is left then is the last chunk).
 */
export function findCut(bytes: Uint8Array, from: number, end: number, parameters: ChunkerParameters): number {
  const { minBytes, avgBytes, maxBytes, strictThreshold, lenientThreshold } = parameters
  const last = Math.min(end, from + maxBytes)
  let sum = 0
  for (let at = from + minBytes - hashWindowBytes; at < last; at++) {
    sum = ((sum << 1) + (substitution[bytes[at] as number] as number)) | 0
    const length = at + 1 - from
    if (length < minBytes) continue
    if (Math.imul(sum, multiplier) < (length <= avgBytes ? strictThreshold : lenientThreshold)) return at + 1
  }
  return last === from + maxBytes ? last : 0
}

/** The ends of all chunks of a whole file, ascending; the last is its size. None for an empty file. */
export function cutAll(bytes: Uint8Array, parameters: ChunkerParameters): number[] {
  const cuts: number[] = []
  for (let from = 0; from < bytes.byteLength; ) {
    from = findCut(bytes, from, bytes.byteLength, parameters) || bytes.byteLength
    cuts.push(from)
  }
  return cuts
}
