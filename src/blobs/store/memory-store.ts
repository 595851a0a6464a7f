/** The store in memory: the readable twin of the one on disk, for tests and for shares that leave no trace. */
import { FerryError } from '../../shared/errors.ts'
import { compareUtf8 } from '../../shared/paths.ts'
import { decodeFileRow } from './file-row.ts'
import type { FileIndex, IndexedFile, ObjectTable, ShareRecord, ShareTable, Store } from './store.ts'

const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export function openMemoryStore(): Store {
  return {
    directory: '',
    files: createMemoryFiles(),
    shares: createMemoryShares(),
    objects: createMemoryObjects(),
    [Symbol.dispose]() {},
  }
}

function createMemoryFiles(): FileIndex {
  const files = new Map<string, IndexedFile>()
  return {
    get: (path) => files.get(path),
    *under(root) {
      const folder = root.endsWith('/') ? root : `${root}/`
      const paths = [...files.keys()].filter((path) => path === root || path.startsWith(folder))
      for (const path of paths.sort(compareUtf8)) yield files.get(path) as IndexedFile
    },
    *all() {
      yield* [...files.values()].reverse()
    },
    putMany(list) {
      for (const file of list) {
        files.delete(file.path)
        files.set(file.path, file)
      }
    },
    putRows(groups) {
      for (const { paths, rows, ends } of groups)
        for (const [index, end] of ends.entries()) {
          // Copied: rows in memory must not keep those of a whole group.
          const file = decodeFileRow(paths[index], rows.slice(ends[index - 1] ?? 0, end))
          if (file) this.putMany([file])
        }
    },
    removeMany(paths) {
      for (const path of paths) files.delete(path)
    },
  }
}

function createMemoryShares(): ShareTable {
  const shares = new Map<string, ShareRecord>()
  return {
    byKey: (key) => [...shares.values()].find((share) => share.key === key),
    byId: (id) => shares.get(keyOf(id)),
    list: () =>
      [...shares.values()].sort((a, b) => a.createdAtMs - b.createdAtMs || Buffer.compare(a.id, b.id)),
    put(share) {
      for (const [id, other] of shares)
        if (other.key === share.key && id !== keyOf(share.id)) shares.delete(id)
      const before = shares.get(keyOf(share.id))
      shares.set(keyOf(share.id), {
        ...share,
        createdAtMs: before?.createdAtMs ?? share.createdAtMs,
        downloads: Math.max(share.downloads, before?.downloads ?? 0),
      })
    },
    countDownload(id) {
      const share = shares.get(keyOf(id))
      if (share === undefined)
        throw new FerryError('E_NOT_FOUND', 'Cannot count a download: the share is not in the store')
      const downloads = share.downloads + 1
      shares.set(keyOf(id), { ...share, downloads })
      return downloads
    },
    remove(id) {
      shares.delete(keyOf(id))
    },
  }
}

function createMemoryObjects(): ObjectTable {
  const objects = new Map<string, Uint8Array>()
  return {
    get: (name) => objects.get(keyOf(name)),
    has: (name) => objects.has(keyOf(name)),
    putMany(list) {
      for (const object of list) objects.set(keyOf(object.hash), object.bytes)
    },
  }
}
