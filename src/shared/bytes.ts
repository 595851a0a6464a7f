/** Small helpers for byte strings: hexadecimal text, equality, order, joining. None of them keeps a reference. */
import { Buffer } from 'node:buffer'
import { FerryError } from './errors.ts'

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Lower-case hexadecimal text. */
export function toHex(bytes: Uint8Array): string {
  return view(bytes).toString('hex')
}

/**
 * The bytes that hexadecimal text of either case stands for.
 * @throws E_INTERNAL when it has an odd length or other characters.
 */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text))
    throw new FerryError('E_INTERNAL', 'Cannot read hexadecimal text: it is not made of pairs of 0-9 and a-f')
  return new Uint8Array(Buffer.from(text, 'hex'))
}

/** Equal length and content. The time it takes depends on the content: use `timingSafeEqual` for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && view(a).equals(view(b))
}

/** Order of unsigned bytes, a prefix first; for `sort`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return view(a).compare(view(b))
}

/** One new array with the content of all. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let total = 0
  for (const part of parts) total += part.byteLength
  const joined = new Uint8Array(total)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.byteLength
  }
  return joined
}
