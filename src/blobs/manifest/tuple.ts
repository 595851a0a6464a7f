/**
 * The outer shape of pages and root objects: one deterministic CBOR array of whole numbers and byte strings. A value
 * has exactly one encoding; any other one is refused, so equal content always has equal hashes.
 */
import { decode, encode } from 'cborg'
import { FerryError } from '../../shared/errors.ts'

export type Tuple = readonly (number | Uint8Array | readonly number[])[]

export function encodeTuple(tuple: Tuple): Uint8Array {
  // cborg returns a view of a larger buffer; the result is stored and sent, so it must own its bytes.
  return new Uint8Array(encode(tuple))
}

/**
 * The array in `bytes`, of any shape: the caller checks its items.
 * @throws E_MANIFEST when the bytes are too many, not CBOR, or not the one encoding of their value.
 */
export function decodeTuple(bytes: Uint8Array, maxBytes: number, what: string): readonly unknown[] {
  if (bytes.byteLength > maxBytes)
    throw new FerryError('E_MANIFEST', `Cannot read ${what}: it is larger than ${maxBytes} bytes`)
  let value: unknown
  let canonical: Uint8Array
  try {
    value = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowBigInt: false,
      useMaps: true,
    })
    canonical = encode(value)
  } catch (error) {
    // Deep nesting ends in a RangeError, which is as good an answer as any.
    throw new FerryError('E_MANIFEST', `Cannot read ${what}: it is not well-formed`, { cause: error })
  }
  if (!Array.isArray(value)) throw new FerryError('E_MANIFEST', `Cannot read ${what}: it is not a list`)
  if (Buffer.compare(canonical, bytes) !== 0)
    throw new FerryError('E_MANIFEST', `Cannot read ${what}: it is not in canonical form`)
  return value
}
