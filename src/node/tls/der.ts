/**
 * The few parts of DER (X.690) that a libp2p certificate needs: writing one, and finding one extension in one. Reading is
 * strict: definite minimal lengths, nothing past the end. Everything else about certificates is left to node:crypto.
 */
import { FerryError } from '../../shared/errors.ts'

export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const

/** The explicit context tag [n], constructed. */
export function contextTag(number: number): number {
  return 0xa0 | number
}

/** One element: tag, length, and the given parts as its content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts)
  const length = content.byteLength
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >>> 8, length & 0xff] /* certificates are far below 64 KiB */
  return Buffer.concat([Buffer.from(header), content])
}

export interface DerElement {
  readonly tag: number
  /** Content without tag and length. */
  readonly content: Uint8Array
  /** The whole element, as it is signed or hashed. */
  readonly bytes: Uint8Array
}

/** The elements that stand one after the other in `bytes`. @throws E_PROTOCOL when a length is not minimal or runs over. */
export function readDer(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = []
  let at = 0
  while (at < bytes.byteLength) {
    const start = at
    const tag = byteAt(bytes, at++)
    let length = byteAt(bytes, at++)
    if (length >= 0x80) {
      const count = length & 0x7f
      if (count === 0 || count > 3) throw malformed()
      length = 0
      for (let index = 0; index < count; index++) length = length * 256 + byteAt(bytes, at++)
      if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw malformed()
    }
    if (at + length > bytes.byteLength) throw malformed()
    elements.push({
      tag,
      content: bytes.subarray(at, at + length),
      bytes: bytes.subarray(start, at + length),
    })
    at += length
  }
  return elements
}

function byteAt(bytes: Uint8Array, index: number): number {
  const value = bytes[index]
  if (value === undefined) throw malformed()
  return value
}

function malformed(): FerryError {
  return new FerryError('E_PROTOCOL', 'Cannot read the certificate of a peer: it is not well-formed DER')
}
