/**
 * The inner loop of the chunker, in AssemblyScript with 128-bit vectors: sixteen positions a turn. It must find the same
 * cuts as `find-cut.ts`, which says what they are; this one only is faster. `scripts/build-wasm.mjs` turns it into
 * `cut-wasm.ts`.
 *
 * Memory is the caller's: the two substitution tables at 0 and 16, sixteen bytes 0x0f at 32, eight u16 0xff at 48, then
 * the content. Up to 16 bytes behind the content are read, and do not matter. The masks come from memory, and the
 * multiplier as an argument, because the engine makes constants anew in each turn of a loop.
 */

/** What each byte counts as. */
function substitute(raw: v128, low: v128, high: v128, nibble: v128): v128 {
  return v128.xor(
    i8x16.swizzle(low, v128.and(raw, nibble)),
    i8x16.swizzle(high, v128.and(i16x8.shr_u(raw, 4), nibble)),
  )
}

/** For each pair of bytes: the second, and twice the first. */
function pairSums(bytes: v128, mask: v128): v128 {
  return i16x8.add(i16x8.shr_u(bytes, 8), i16x8.shl(v128.and(bytes, mask), 1))
}

/** From sums of two bytes to those of four; `before` are the ones in front. All of one parity. */
function fourSums(before: v128, pairs: v128): v128 {
  return i16x8.add(pairs, i16x8.shl(v128.shuffle<u16>(before, pairs, 7, 8, 9, 10, 11, 12, 13, 14), 2))
}

/** From sums of four to those of eight, at most 255 × 255. */
function eightSums(before: v128, fours: v128): v128 {
  return i16x8.add(fours, i16x8.shl(v128.shuffle<u16>(before, fours, 6, 7, 8, 9, 10, 11, 12, 13), 4))
}

/** Lanes whose hash is below the threshold. */
function below(sums: v128, multiplier: v128, threshold: v128): v128 {
  return i32x4.lt_s(i32x4.mul(sums, multiplier), threshold)
}

/** The end of the first byte in [at, end) whose hash is below `threshold`; 0 if there is none. */
function scan(at: u32, end: u32, multiplier: i32, threshold: i32): u32 {
  const factor = i32x4.splat(multiplier)
  const limit = i32x4.splat(threshold)
  const low = v128.load(0)
  const high = v128.load(16)
  const nibble = v128.load(32)
  const mask = v128.load(48)
  // What the turn before left: bytes, and sums of the odd and of the even positions.
  let bytes = i32x4.splat(0)
  let oddPairs = i32x4.splat(0)
  let evenPairs = i32x4.splat(0)
  let oddFours = i32x4.splat(0)
  let evenFours = i32x4.splat(0)
  let odd = i32x4.splat(0)
  let even = i32x4.splat(0)
  // The first two turns only fill the window of 32 bytes; what was there before is shifted out by then.
  for (let block = at - 32; block < end; block += 16) {
    const next = substitute(v128.load(block), low, high, nibble)
    const shifted = v128.shuffle<u8>(
      bytes,
      next,
      15,
      16,
      17,
      18,
      19,
      20,
      21,
      22,
      23,
      24,
      25,
      26,
      27,
      28,
      29,
      30,
    )
    bytes = next
    const odd2 = pairSums(next, mask)
    const even2 = pairSums(shifted, mask)
    const odd4 = fourSums(oddPairs, odd2)
    const even4 = fourSums(evenPairs, even2)
    const odd8 = eightSums(oddFours, odd4)
    const even8 = eightSums(evenFours, even4)
    oddPairs = odd2
    evenPairs = even2
    oddFours = odd4
    evenFours = even4
    const odd0 = i32x4.add(i32x4.shl(odd, 8), i32x4.extend_low_i16x8_u(odd8))
    const even0 = i32x4.add(i32x4.shl(even, 8), i32x4.extend_low_i16x8_u(even8))
    odd = i32x4.add(i32x4.shl(odd0, 8), i32x4.extend_high_i16x8_u(odd8))
    even = i32x4.add(i32x4.shl(even0, 8), i32x4.extend_high_i16x8_u(even8))
    if (block < at) continue
    const oddHit0 = below(odd0, factor, limit)
    const oddHit1 = below(odd, factor, limit)
    const evenHit0 = below(even0, factor, limit)
    const evenHit1 = below(even, factor, limit)
    if (v128.any_true(v128.or(v128.or(oddHit0, oddHit1), v128.or(evenHit0, evenHit1)))) {
      const oddHits = i32x4.bitmask(oddHit0) | (i32x4.bitmask(oddHit1) << 4)
      const evenHits = i32x4.bitmask(evenHit0) | (i32x4.bitmask(evenHit1) << 4)
      // ctz of none is 32, which is behind everything.
      const firstOdd = 2 * ctz(oddHits) + 1
      const firstEven = 2 * ctz(evenHits)
      const found: u32 = block + (firstOdd < firstEven ? firstOdd : firstEven)
      return found < end ? found + 1 : 0
    }
  }
  return 0
}

/**
 * The end of the chunk that begins at `from`, if it lies in the content up to `end`; 0 if more is needed to tell.
 * No cut ends in [from, resume): `resume` is `from`, or the `end` of an earlier call that gave 0.
 */
export function findCut(
  from: u32,
  resume: u32,
  end: u32,
  min: u32,
  avg: u32,
  max: u32,
  multiplier: i32,
  strict: i32,
  lenient: i32,
): u32 {
  if (end - from < min) return 0
  const middle: u32 = from + avg
  const last: u32 = from + max
  let at: u32 = from + min - 1
  if (resume > at) at = resume
  if (at < middle) {
    const cut = scan(at, middle < end ? middle : end, multiplier, strict)
    if (cut != 0) return cut
    at = middle
  }
  if (at < end) {
    const cut = scan(at, last < end ? last : end, multiplier, lenient)
    if (cut != 0) return cut
  }
  return last <= end ? last : 0
}
