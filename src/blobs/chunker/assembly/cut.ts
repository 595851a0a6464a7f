/**
 * The inner loop of the chunker, in AssemblyScript with 128-bit vectors. It must find the same cuts as `find-cut.ts`,
 * which says what they are; this one only is faster. `scripts/build-wasm.mjs` turns it into `cut-wasm.ts`.
 *
 * Memory is the caller's. Up to 16 bytes behind the content are read, and do not matter.
 */

/** As in `find-cut.ts`. */
const multiplier: i32 = 0x9e3779b1

/**
 * For each of the eight bytes from `at`: itself + 2 × the one before + 4 × the one before that + 8 × the third before.
 * At most 255 × 15, so 16 bits do.
 */
function fourByteSums(at: u32): v128 {
  const b0 = v128.load_ext<u8>(at)
  const b1 = i16x8.shl(v128.load_ext<u8>(at - 1), 1)
  const b2 = i16x8.shl(v128.load_ext<u8>(at - 2), 2)
  const b3 = i16x8.shl(v128.load_ext<u8>(at - 3), 3)
  return i16x8.add(i16x8.add(b0, b1), i16x8.add(b2, b3))
}

/** The rolling sums of four positions, from those of the four positions before. */
function advance(sums: v128, fours: v128): v128 {
  return i32x4.add(i32x4.shl(sums, 4), fours)
}

function below(sums: v128, threshold: v128): v128 {
  return i32x4.lt_s(i32x4.mul(sums, i32x4.splat(multiplier)), threshold)
}

/** The end of the first byte in [at, end) whose hash is below `threshold`; 0 if there is none. */
function scan(at: u32, end: u32, threshold: i32): u32 {
  const limit = i32x4.splat(threshold)
  let sums = i32x4.splat(0)
  // The sums of a window: after 32 bytes what was there before is shifted out.
  for (let back = at - 32; back < at; back += 8) {
    const fours = fourByteSums(back)
    sums = advance(sums, i32x4.extend_low_i16x8_u(fours))
    sums = advance(sums, i32x4.extend_high_i16x8_u(fours))
  }
  while (at < end) {
    const foursA = fourByteSums(at)
    const foursB = fourByteSums(at + 8)
    const sums0 = advance(sums, i32x4.extend_low_i16x8_u(foursA))
    const sums1 = advance(sums0, i32x4.extend_high_i16x8_u(foursA))
    const sums2 = advance(sums1, i32x4.extend_low_i16x8_u(foursB))
    sums = advance(sums2, i32x4.extend_high_i16x8_u(foursB))
    const hit0 = below(sums0, limit)
    const hit1 = below(sums1, limit)
    const hit2 = below(sums2, limit)
    const hit3 = below(sums, limit)
    if (v128.any_true(v128.or(v128.or(hit0, hit1), v128.or(hit2, hit3)))) {
      const hits =
        i32x4.bitmask(hit0) |
        (i32x4.bitmask(hit1) << 4) |
        (i32x4.bitmask(hit2) << 8) |
        (i32x4.bitmask(hit3) << 12)
      at += ctz(hits)
      return at < end ? at + 1 : 0
    }
    at += 16
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
  strict: i32,
  lenient: i32,
): u32 {
  if (end - from < min) return 0
  const middle: u32 = from + avg
  const last: u32 = from + max
  let at: u32 = from + min - 1
  if (resume > at) at = resume
  if (at < middle) {
    const cut = scan(at, middle < end ? middle : end, strict)
    if (cut != 0) return cut
    at = middle
  }
  if (at < end) {
    const cut = scan(at, last < end ? last : end, lenient)
    if (cut != 0) return cut
  }
  return last <= end ? last : 0
}
