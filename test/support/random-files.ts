/**
 * Files of seeded random bytes. The same seed gives the same bytes on every machine, and they do not compress or
 * repeat. The bytes are an AES-CTR key stream, which is made at more than 1 GB/s.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const pieceBytes = 1 << 20
const zeros = Buffer.alloc(pieceBytes)

/** An endless supply of random bytes: each call returns the next `length` of them. */
export function createRandomBytes(seed: string | number): (length: number) => Buffer {
  const key = createHash('sha256').update(`ferry test bytes ${seed}`).digest()
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16))
  return (length) => {
    if (length <= pieceBytes) return cipher.update(zeros.subarray(0, length))
    const bytes = Buffer.allocUnsafe(length)
    for (let offset = 0; offset < length; offset += pieceBytes)
      cipher.update(zeros.subarray(0, Math.min(pieceBytes, length - offset))).copy(bytes, offset)
    return bytes
  }
}

/** Writes a file of `sizeBytes` random bytes. */
export function writeRandomFile(path: string, sizeBytes: number, seed: string | number): void {
  const next = createRandomBytes(seed)
  const file = openSync(path, 'w')
  try {
    for (let left = sizeBytes; left > 0; left -= pieceBytes) writeSync(file, next(Math.min(left, pieceBytes)))
  } finally {
    closeSync(file)
  }
}

export interface RandomTree {
  readonly files: number
  readonly bytesEach: number
  /** Files in one folder; default 1,000. */
  readonly perFolder?: number
  readonly seed: string | number
}

/** Fills `folder` (made if missing) with folders of equally large random files. */
export function writeRandomTree(folder: string, tree: RandomTree): void {
  const next = createRandomBytes(tree.seed)
  const perFolder = tree.perFolder ?? 1000
  let inside = folder
  for (let index = 0; index < tree.files; index++) {
    if (index % perFolder === 0) {
      inside = join(folder, `folder-${String(index / perFolder).padStart(4, '0')}`)
      mkdirSync(inside, { recursive: true })
    }
    const file = openSync(join(inside, `file-${String(index).padStart(6, '0')}.bin`), 'w')
    if (tree.bytesEach > 0) writeSync(file, next(tree.bytesEach))
    closeSync(file)
  }
}
