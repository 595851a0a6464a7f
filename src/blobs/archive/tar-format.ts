/** Tar: ustar, with pax records for long names and large sizes. Times are kept, in whole seconds; owners are not. */
import { pack as createPack, type Header } from 'tar-stream'
import type { DirectoryEntry, FileEntry, SymlinkEntry } from '../manifest/entry.ts'
import { writeAndWait, type Format } from './archive-writer.ts'

const nsPerMs = 1_000_000n
/** A tar counts seconds since 1970 and knows none before; the largest that Date can hold is far beyond eleven octal digits. */
const maxTimeMs = 0o77777777777 * 1000

type TarHeader = Pick<Header, 'name' | 'mode' | 'mtime' | 'uid' | 'gid' | 'type'> & Partial<Header>

function headerOf(entry: FileEntry | DirectoryEntry | SymlinkEntry): TarHeader {
  const mtime = new Date(Math.min(maxTimeMs, Math.max(0, Number(entry.mtimeNs / nsPerMs))))
  const base = { name: entry.path, mode: entry.mode, mtime, uid: 0, gid: 0 }
  if (entry.kind === 'file') return { ...base, type: 'file', size: entry.size }
  if (entry.kind === 'directory') return { ...base, name: `${entry.path}/`, type: 'directory' }
  return { ...base, type: 'symlink', linkname: entry.target }
}

export function createTarFormat(): Format {
  const pack = createPack()
  const put = (header: TarHeader, content?: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (error?: Error | null): void => (error ? reject(error) : resolve())
      if (content)
        pack.entry(header, Buffer.from(content.buffer, content.byteOffset, content.byteLength), done)
      else pack.entry(header, done)
    })

  return {
    output: pack,
    problem: () => undefined,
    add: (entry) => put(headerOf(entry)),
    addFile: (entry, content) => put(headerOf(entry), content),
    openFile(entry) {
      let settle: (error?: Error | null) => void
      const ended = new Promise<void>((resolve, reject) => {
        settle = (error) => (error ? reject(error) : resolve())
      })
      ended.catch(() => undefined)
      const file = pack.entry(headerOf(entry), (error) => settle(error))
      // The stream of the whole archive breaks with it, and tells.
      file.on('error', () => undefined)
      return {
        write: (bytes) => writeAndWait(file, bytes),
        async end() {
          file.end(undefined)
          await ended
        },
      }
    },
    end: async () => pack.finalize(),
  }
}
