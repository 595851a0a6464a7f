/**
 * Content of the test server's objects: pieces of buffers that are never copied, so that a copy of 1 GiB on the server
 * costs no memory. Content may also be made up when it is read.
 */
import { createHash } from 'node:crypto'

/** Where bytes come from. They never change. */
export interface ByteOrigin {
  readonly id: number
  read(from: number, length: number): Uint8Array
}

interface Piece {
  readonly origin: ByteOrigin
  readonly from: number
  readonly length: number
}

export interface Rope {
  readonly length: number
  readonly pieces: readonly Piece[]
}

const blockBytes = 1024 * 1024
let lastId = 0

export const emptyRope: Rope = { length: 0, pieces: [] }

export function ropeOf(bytes: Uint8Array): Rope {
  if (bytes.byteLength === 0) return emptyRope
  const origin = {
    id: ++lastId,
    read: (from: number, length: number): Uint8Array => bytes.subarray(from, from + length),
  }
  return { length: bytes.byteLength, pieces: [{ origin, from: 0, length: bytes.byteLength }] }
}

/** `length` bytes that differ from 4 KiB to 4 KiB, and take no memory. The same seed gives the same bytes. */
export function madeUpRope(seed: number, length: number): Rope {
  const base = Buffer.alloc(4096)
  for (let at = 0, state = seed >>> 0 || 1; at < base.length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    base.writeUInt32LE((state ^ (state >>> 13)) >>> 0, at)
  }
  const origin = {
    id: ++lastId,
    read(from: number, count: number): Uint8Array {
      const start = Math.floor(from / 4096)
      const end = Math.ceil((from + count) / 4096)
      const bytes = Buffer.allocUnsafe((end - start) * 4096)
      for (let page = start; page < end; page++) {
        const at = (page - start) * 4096
        base.copy(bytes, at)
        for (let mark = 0; mark < 4096; mark += 256)
          bytes.writeUInt32LE(Math.imul(page + 1, 2654435761 + mark) >>> 0, at + mark)
      }
      return bytes.subarray(from - start * 4096, from - start * 4096 + count)
    },
  }
  return { length, pieces: [{ origin, from: 0, length }] }
}

export function sliceRope(rope: Rope, from: number, length: number): Rope {
  const pieces: Piece[] = []
  let at = 0
  for (const piece of rope.pieces) {
    const start = Math.max(from, at)
    const end = Math.min(from + length, at + piece.length)
    if (start < end) pieces.push({ ...piece, from: piece.from + start - at, length: end - start })
    at += piece.length
  }
  return { length: pieces.reduce((sum, piece) => sum + piece.length, 0), pieces }
}

export function joinRopes(ropes: readonly Rope[]): Rope {
  return {
    length: ropes.reduce((sum, rope) => sum + rope.length, 0),
    pieces: ropes.flatMap((rope) => rope.pieces),
  }
}

export function* ropeBlocks(rope: Rope): Generator<Uint8Array> {
  for (const piece of rope.pieces)
    for (let at = 0; at < piece.length; at += blockBytes)
      yield piece.origin.read(piece.from + at, Math.min(blockBytes, piece.length - at))
}

export function ropeBytes(rope: Rope): Buffer {
  return Buffer.concat([...ropeBlocks(rope)])
}

export function ropeMd5(rope: Rope): string {
  const hash = createHash('md5')
  for (const block of ropeBlocks(rope)) hash.update(block)
  return hash.digest('hex')
}

/** Differs when the pieces do, without reading them: the ETag of a part that was copied. */
export function ropeName(rope: Rope): string {
  const hash = createHash('md5')
  for (const { origin, from, length } of rope.pieces) hash.update(`${origin.id}:${from}:${length};`)
  return hash.digest('hex')
}

/** Whether both hold the same bytes. What comes from the same place is not read. */
export function isSameRope(a: Rope, b: Rope): boolean {
  if (a.length !== b.length) return false
  const left = a.pieces.map((piece) => ({ ...piece })).toReversed()
  const right = b.pieces.map((piece) => ({ ...piece })).toReversed()
  for (;;) {
    const [one, other] = [left.at(-1), right.at(-1)]
    if (!one || !other) return !one && !other
    const length = Math.min(one.length, other.length)
    const isShared = one.origin === other.origin && one.from === other.from
    if (
      !isShared &&
      Buffer.compare(one.origin.read(one.from, length), other.origin.read(other.from, length)) !== 0
    )
      return false
    for (const [stack, piece] of [
      [left, one],
      [right, other],
    ] as const) {
      stack.pop()
      if (piece.length > length)
        stack.push({ ...piece, from: piece.from + length, length: piece.length - length })
    }
  }
}
