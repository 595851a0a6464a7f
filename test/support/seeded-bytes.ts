/** Reproducible content for tests and committed vectors. */

/**
 * `length` bytes of xorshift32 from `seed` (not 0), each state's lowest byte. Simple enough to be written again in any
 * language.
 */
export function seededBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let state = seed >>> 0
  for (let at = 0; at < length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state & 0xff
  }
  return bytes
}
