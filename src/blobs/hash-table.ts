/**
 * A table from 64-bit keys to whole numbers in typed arrays: millions of keys without an object each. Keys are pieces of
 * hashes, so two different things may share one (about once in 2^64 / n² / 2): the caller compares in full where that
 * matters. Slots are mixed with a random number, so that nobody can choose hashes that all fall into one place.
 */

export interface HashTable {
  /** Keys held. */
  readonly size: number
  /** The value of a key, or -1. */
  get(low: number, high: number): number
  /** Adds a key with a value of 0 … 2^32 − 2, unless it is there: then the value it has; -1 when it was added. */
  add(low: number, high: number, value: number): number
}

/** The first 32 bits of a hash, as a key half. */
export function hashLow(bytes: Uint8Array, at = 0): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  )
}

/** The next 32 bits of a hash. */
export function hashHigh(bytes: Uint8Array, at = 0): number {
  return hashLow(bytes, at + 4)
}

/** 12 bytes a slot, at most seven tenths of the slots in use. Grows by doubling. */
export function createHashTable(expectedKeys = 64): HashTable {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] as number
  let capacity = 64
  while (capacity * 0.7 < expectedKeys) capacity *= 2
  let lows = new Uint32Array(capacity)
  let highs = new Uint32Array(capacity)
  /** Value + 1; 0 is an empty slot. */
  let values = new Uint32Array(capacity)
  let size = 0

  function find(low: number, high: number): number {
    const mask = capacity - 1
    let slot = mixKey(low, high, seed) & mask
    while (values[slot] !== 0 && (lows[slot] !== low || highs[slot] !== high)) slot = (slot + 1) & mask
    return slot
  }

  function grow(): void {
    const [oldLows, oldHighs, oldValues] = [lows, highs, values]
    capacity *= 2
    lows = new Uint32Array(capacity)
    highs = new Uint32Array(capacity)
    values = new Uint32Array(capacity)
    for (let index = 0; index < oldValues.length; index++) {
      if (oldValues[index] === 0) continue
      const slot = find(oldLows[index] as number, oldHighs[index] as number)
      lows[slot] = oldLows[index] as number
      highs[slot] = oldHighs[index] as number
      values[slot] = oldValues[index] as number
    }
  }

  return {
    get size() {
      return size
    },
    get: (low, high) => (values[find(low, high)] as number) - 1,
    add(low, high, value) {
      const slot = find(low, high)
      if (values[slot] !== 0) return (values[slot] as number) - 1
      lows[slot] = low
      highs[slot] = high
      values[slot] = value + 1
      if (++size > capacity * 0.7) grow()
      return -1
    },
  }
}

/** Spreads a key over 32 bits (the final mix of MurmurHash3, over both halves and a seed). */
export function mixKey(low: number, high: number, seed: number): number {
  let mixed = Math.imul(low ^ seed, 0x85ebca6b) ^ high
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
