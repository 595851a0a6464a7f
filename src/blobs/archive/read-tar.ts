/** The entries of a tar, as they come. */
import type { Readable } from 'node:stream'
import { extract, type Header } from 'tar-stream'
import { toFerryError } from '../../shared/errors.ts'
import type { ArchiveContents, ArchivedEntry } from './read-archive.ts'

const kinds: Readonly<Record<string, ArchivedEntry['kind']>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'symlink',
  link: 'hardlink',
}

const paxTime = /^(-?\d{1,15})(?:\.(\d{1,9}))?/

/** Pax records tell times to the nanosecond. */
function timeOf({ mtime, pax }: Header): bigint {
  const record = (pax as { mtime?: unknown } | null | undefined)?.mtime
  const match = typeof record === 'string' ? paxTime.exec(record) : null
  if (match) return BigInt(match[1] as string) * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
  return BigInt(mtime.getTime()) * 1_000_000n
}

export function readTar(path: string, bytes: Readable): ArchiveContents {
  const unpacked = extract()
  bytes.on('error', (error) => unpacked.destroy(error))
  bytes.pipe(unpacked)
  return {
    async *entries() {
      try {
        for await (const source of unpacked) {
          const { header } = source
          yield {
            name: header.name.replace(/\/+$/, ''),
            kind: kinds[header.type] ?? 'other',
            size: header.size ?? 0,
            mode: header.mode,
            mtimeNs: timeOf(header),
            target: header.linkname,
            content: () => source as AsyncIterable<Uint8Array>,
          }
          // What was not wanted must still go by.
          source.resume()
        }
      } catch (error) {
        throw toFerryError(error, `Cannot unpack "${path}"`)
      }
    },
    close: () => void bytes.destroy(),
  }
}
