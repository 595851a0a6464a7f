/** Small helpers for byte strings: hexadecimal text, equality, joining. None of them keeps a reference. */
import { Buffer } from 'node:buffer'

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Lower-case hexadecimal text. */
export function toHex(bytes: Uint8Array): string {
  return view(bytes).toString('hex')
}

/** Equal length and content. The time it takes depends on the content: use `timingSafeEqual` for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && view(a).equals(view(b))
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
