/**
 * Copies between two files inside the system: `ioctl(FICLONE)` and `copy_file_range` share blocks where the file system can
 * (Btrfs, XFS) and save the way through this process elsewhere; `lseek` finds holes, which are not copied. By way of
 * koffi, on Linux; elsewhere, and wherever the system declines, bytes are read and written.
 */
import { ftruncateSync, fstatSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as koffiModule from 'koffi'
import { writeAllSync } from './tree-writer/write-all.ts'

/** As in <linux/fs.h> and <unistd.h>. */
const ficlone = 0x40049409
const seekData = 3
const seekHole = 4

interface Copies {
  copy_file_range(
    from: number,
    fromOffset: BigInt64Array,
    to: number,
    toOffset: BigInt64Array,
    length: number,
    flags: number,
  ): number | bigint
  lseek(fd: number, offset: number, whence: number): number | bigint
  ioctl(fd: number, request: number, argument: number): number
}

let loaded: Copies | null | undefined

function load(): Copies | null {
  if (loaded !== undefined) return loaded
  loaded = null
  const is64Bit = process.arch === 'x64' || process.arch === 'arm64'
  if (process.platform === 'linux' && is64Bit && process.env['FERRY_NATIVE_COPY'] !== '0') {
    try {
      const koffi = createRequire(import.meta.url)('koffi') as typeof koffiModule
      const c = koffi.load(null)
      loaded = {
        copy_file_range: c.func(
          'int64_t copy_file_range(int from, void *from_at, int to, void *to_at, size_t length, unsigned int flags)',
        ) as Copies['copy_file_range'],
        lseek: c.func('int64_t lseek(int fd, int64_t offset, int whence)') as Copies['lseek'],
        ioctl: c.func('int ioctl(int fd, unsigned long request, int argument)') as Copies['ioctl'],
      }
    } catch {
      // No binary for this platform, or a C library without the call.
    }
  }
  return loaded
}

/** Makes the empty file `to` share all blocks of `from`. False when the file system cannot. */
export function cloneFile(from: number, to: number): boolean {
  return load()?.ioctl(to, ficlone, from) === 0
}

const fromAt = new BigInt64Array(1)
const toAt = new BigInt64Array(1)

/** Bytes copied by the system, which may be fewer; 0 when it declines. */
function copyInside(from: number, offset: number, to: number, at: number, length: number): number {
  const copies = load()
  if (!copies) return 0
  fromAt[0] = BigInt(offset)
  toAt[0] = BigInt(at)
  return Math.max(0, Number(copies.copy_file_range(from, fromAt, to, toAt, length, 0)))
}

const bufferBytes = 1024 * 1024
let buffer: Buffer | undefined

/** Bytes copied by reading and writing; 0 at the end of `from`. @throws a system error */
function copyThrough(from: number, offset: number, to: number, at: number, length: number): number {
  buffer ??= Buffer.allocUnsafeSlow(bufferBytes)
  const got = readSync(from, buffer, 0, Math.min(length, bufferBytes), offset)
  if (got > 0) writeAllSync(to, buffer.subarray(0, got), at)
  return got
}

/** Stretches of [start, end) that have data; all of it where holes cannot be told. */
function* dataWithin(
  fd: number,
  start: number,
  end: number,
): Generator<readonly [from: number, until: number]> {
  const copies = load()
  let position = start
  while (position < end) {
    const data = Number(copies?.lseek(fd, position, seekData) ?? -1)
    // Behind the last data this fails as it does where holes are unknown: the next hole tells, which then is here.
    if (data < 0 && copies && Number(copies.lseek(fd, position, seekHole)) === position) return
    const from = Math.max(position, data)
    if (from >= end) return
    const hole = data < 0 ? -1 : Number(copies?.lseek(fd, from, seekHole) ?? -1)
    const until = hole > from ? Math.min(end, hole) : end
    yield [from, until]
    position = until
  }
}

export interface CopyRange {
  readonly from: number
  readonly offset: number
  readonly to: number
  /** Where in `to`, which is zero or not there from here on. */
  readonly at: number
  readonly length: number
}

/**
 * Copies a range; `to` then reaches to the end of it at least. Moves no position that anyone else uses, if both files are
 * only read and written at offsets. False when `from` ended before.
 * @throws a system error
 */
export function copyRange({ from, offset, to, at, length }: CopyRange): boolean {
  const shift = at - offset
  for (const [start, end] of dataWithin(from, offset, offset + length)) {
    let position = start
    while (position < end) {
      const left = end - position
      const copied =
        copyInside(from, position, to, position + shift, left) ||
        copyThrough(from, position, to, position + shift, left)
      if (copied === 0) return false
      position += copied
    }
  }
  if (fstatSync(from).size < offset + length) return false
  // A hole at the end has not made it longer.
  if (fstatSync(to).size < at + length) ftruncateSync(to, at + length)
  return true
}
