/**
 * What is in an archive, entry by entry: zip, tar, tar.gz and tar.zst, told apart by their first bytes and not by their
 * names. Nothing is believed here: names and kinds are as the archive says, and `expandArchive` judges them.
 */
import { createReadStream, openSync, readSync, closeSync } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { readTar } from './read-tar.ts'
import { readZip } from './read-zip.ts'

export interface ArchivedEntry {
  /** As it stands there, without a slash at its end. */
  readonly name: string
  /** `hardlink`: another name of the file `target`. */
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  /** Bytes of a file, as the archive claims. */
  readonly size: number
  readonly mode: number | undefined
  readonly mtimeNs: bigint
  readonly target?: string | undefined
  /** The bytes of a file, to be read before the next entry is asked for, or not at all. @throws E_VERIFY when damaged */
  content(): AsyncIterable<Uint8Array>
}

export interface ArchiveContents {
  entries(): AsyncIterable<ArchivedEntry>
  close(): void
}

/** ustar stands here in every tar but those of the seventies. */
const tarMagicAt = 257
const headBytes = tarMagicAt + 5

function readHead(path: string): Buffer {
  const fd = openSync(path, 'r')
  try {
    const head = Buffer.alloc(headBytes)
    return head.subarray(0, readSync(fd, head, 0, headBytes, 0))
  } finally {
    closeSync(fd)
  }
}

/** @throws E_USAGE when it is no archive that can be read; E_NOT_FOUND, E_PERMISSION */
export async function openArchive(
  path: string,
  options: { readonly signal: AbortSignal },
): Promise<ArchiveContents> {
  let head: Buffer
  try {
    head = readHead(path)
  } catch (error) {
    throw toFerryError(error, `Cannot read "${path}"`)
  }
  const begins = (...bytes: number[]): boolean => bytes.every((byte, index) => head[index] === byte)
  if (begins(0x50, 0x4b, 0x03, 0x04) || begins(0x50, 0x4b, 0x05, 0x06)) return await readZip(path)
  const unpack = begins(0x1f, 0x8b)
    ? createGunzip()
    : begins(0x28, 0xb5, 0x2f, 0xfd)
      ? createZstdDecompress()
      : undefined
  if (!unpack && head.subarray(tarMagicAt).toString('latin1') !== 'ustar')
    throw new FerryError('E_USAGE', `Cannot unpack "${path}": it is no zip or tar`, {
      hint: 'ferry unpacks zip, tar, tar.gz and tar.zst; share it as it is without --expand',
    })
  const file = createReadStream(path, { signal: options.signal, highWaterMark: 256 * 1024 })
  // What breaks is thrown to whoever reads the entries.
  return readTar(path, unpack ? pipeline(file, unpack, () => undefined) : file)
}
