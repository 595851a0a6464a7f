/** The entries of a zip, in the order of its directory. Checksums are compared, which the reader itself does not. */
import { crc32 } from 'node:zlib'
import { openPromise, type Entry, type ZipFile } from 'yauzl'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import type { ArchiveContents, ArchivedEntry } from './read-archive.ts'

const kindMask = 0o170000
const kinds: Readonly<Record<number, ArchivedEntry['kind']>> = {
  0o040000: 'directory',
  0o120000: 'symlink',
  0o100000: 'file',
  0: 'file',
}
const madeOnUnix = 3

export async function readZip(path: string): Promise<ArchiveContents> {
  const what = `Cannot unpack "${path}"`
  let zip: ZipFile
  try {
    // Names are judged by who writes them; sizes that lie are found while reading.
    zip = await openPromise(path, { autoClose: false, strictFileNames: true })
  } catch (error) {
    throw damaged(what, error)
  }
  return {
    async *entries() {
      try {
        for await (const entry of zip.eachEntry()) yield describe(zip, entry, what)
      } catch (error) {
        throw damaged(what, error)
      }
    },
    close: () => zip.close(),
  }
}

function describe(zip: ZipFile, entry: Entry, what: string): ArchivedEntry {
  const unixMode = entry.versionMadeBy >>> 8 === madeOnUnix ? entry.externalFileAttributes >>> 16 : 0
  const isFolder = entry.fileName.endsWith('/')
  return {
    name: entry.fileName.replace(/\/+$/, ''),
    kind: isFolder ? 'directory' : (kinds[unixMode & kindMask] ?? 'other'),
    size: entry.uncompressedSize,
    mode: unixMode === 0 ? undefined : unixMode,
    mtimeNs: BigInt(entry.getLastModDate().getTime()) * 1_000_000n,
    content: () => contentOf(zip, entry, what),
  }
}

async function* contentOf(zip: ZipFile, entry: Entry, what: string): AsyncGenerator<Uint8Array> {
  if (entry.isEncrypted())
    throw new FerryError('E_REFUSED', `${what}: "${entry.fileName}" is encrypted`, {
      hint: 'unpack it with its password, and share the folder',
    })
  let sum = 0
  for await (const bytes of await zip.openReadStreamPromise(entry)) {
    sum = crc32(bytes as Uint8Array, sum)
    yield bytes as Uint8Array
  }
  if (sum !== entry.crc32)
    throw new FerryError('E_VERIFY', `${what}: "${entry.fileName}" does not match its checksum`)
}

/** The reader's own errors are sentences about the archive. */
function damaged(what: string, error: unknown): FerryError {
  if (error instanceof FerryError) return error
  const isSystem = error instanceof Error && 'code' in error
  if (isSystem) return toFerryError(error, what)
  const reason = error instanceof Error ? error.message : String(error)
  return new FerryError('E_VERIFY', `${what}: it is damaged (${reason})`, { cause: error })
}
