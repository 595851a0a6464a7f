/**
 * A growing run of bytes and the reader of one: the column of a page, the body of a frame. Numbers are little-endian;
 * a varint is unsigned LEB128 in its shortest form. The reader refuses to read past the end, and leaves it to the
 * caller to see that nothing is left over.
 */
import { FerryError } from '../shared/errors.ts'

export interface ByteColumn {
  readonly length: number
  u8(value: number): void
  u16(value: number): void
  u32(value: number): void
  i64(value: bigint): void
  /** 0 … 2^53 − 1. */
  varint(value: number): void
  /** Copies `bytes[from, to)`. */
  bytes(bytes: Uint8Array, from?: number, to?: number): void
  /** A copy of what was written; the column is empty afterwards and keeps its memory. */
  take(): Uint8Array
}

export function createByteColumn(capacity = 1024): ByteColumn {
  let buffer = new Uint8Array(capacity)
  let view = new DataView(buffer.buffer)
  let length = 0

  function reserve(count: number): number {
    const at = length
    length += count
    if (length > buffer.byteLength) {
      const larger = new Uint8Array(Math.max(length, buffer.byteLength * 2))
      larger.set(buffer)
      buffer = larger
      view = new DataView(buffer.buffer)
    }
    return at
  }

  return {
    get length() {
      return length
    },
    u8(value) {
      const at = reserve(1)
      buffer[at] = value
    },
    u16(value) {
      const at = reserve(2)
      view.setUint16(at, value, true)
    },
    u32(value) {
      const at = reserve(4)
      view.setUint32(at, value, true)
    },
    i64(value) {
      const at = reserve(8)
      view.setBigInt64(at, value, true)
    },
    varint(value) {
      let rest = value
      // Division, not a shift: sizes go beyond 32 bits.
      while (rest >= 0x80) {
        const at = reserve(1)
        buffer[at] = (rest % 0x80) | 0x80
        rest = Math.floor(rest / 0x80)
      }
      const at = reserve(1)
      buffer[at] = rest
    },
    bytes(bytes, from = 0, to = bytes.byteLength) {
      const count = to - from
      let at = reserve(count)
      // For a few bytes a loop is quicker than the call.
      if (count < 32) for (let index = from; index < to; index++) buffer[at++] = bytes[index] as number
      else buffer.set(count === bytes.byteLength ? bytes : bytes.subarray(from, to), at)
    },
    take() {
      const taken = buffer.slice(0, length)
      length = 0
      return taken
    },
  }
}

export interface ByteReader {
  readonly position: number
  readonly left: number
  u8(): number
  u16(): number
  u32(): number
  i64(): bigint
  varint(): number
  /** A view (not a copy) of the next bytes. */
  bytes(count: number): Uint8Array
  /** Copies the next bytes to `target[at]` and behind. True when all of them are ASCII. */
  copy(count: number, target: Uint8Array, at: number): boolean
}

/** Every method throws E_MANIFEST `Cannot read <what>: …` when the bytes do not hold what is asked for. */
export function createByteReader(bytes: Uint8Array, what: string): ByteReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let position = 0

  function advance(count: number): number {
    const at = position
    if (count > bytes.byteLength - at)
      throw new FerryError('E_MANIFEST', `Cannot read ${what}: it is cut short`)
    position = at + count
    return at
  }

  return {
    get position() {
      return position
    },
    get left() {
      return bytes.byteLength - position
    },
    u8: () => bytes[advance(1)] as number,
    u16: () => view.getUint16(advance(2), true),
    u32: () => view.getUint32(advance(4), true),
    i64: () => view.getBigInt64(advance(8), true),
    varint() {
      let value = 0
      let scale = 1
      for (;;) {
        const byte = bytes[advance(1)] as number
        value += (byte & 0x7f) * scale
        if (value > Number.MAX_SAFE_INTEGER)
          throw new FerryError('E_MANIFEST', `Cannot read ${what}: a number is too large`)
        if (byte < 0x80) {
          if (byte === 0 && scale > 1)
            throw new FerryError('E_MANIFEST', `Cannot read ${what}: a number is not in its shortest form`)
          return value
        }
        scale *= 0x80
        // Eight bytes hold 56 bits; more would only lose precision unseen.
        if (scale > 2 ** 49) throw new FerryError('E_MANIFEST', `Cannot read ${what}: a number is too large`)
      }
    },
    bytes(count) {
      const at = advance(count)
      return bytes.subarray(at, at + count)
    },
    copy(count, target, at) {
      const from = advance(count)
      let seen = 0
      for (let index = 0; index < count; index++) {
        const byte = bytes[from + index] as number
        target[at + index] = byte
        seen |= byte
      }
      return seen < 0x80
    },
  }
}
