/** Rows for tests of the store. */
import { hash } from '../../src/blobs/hash.ts'
import type { IndexedFile, ShareRecord } from '../../src/blobs/store/store.ts'
import { makeRecords } from './manifests.ts'

export function indexedFile(path: string, fields: Partial<IndexedFile> = {}): IndexedFile {
  return {
    path,
    fingerprint: { size: 1000, mtimeNs: 1_700_000_000_123_456_789n, ctimeNs: 3n, inode: 4n, device: 5n },
    chunkSize: 65_536,
    records: makeRecords([1000], path),
    indexedAtNs: 1_700_000_100_000_000_000n,
    ...fields,
  }
}

export function shareRecord(key: string, fields: Partial<ShareRecord> = {}): ShareRecord {
  return {
    id: hash(Buffer.from(key)),
    secret: hash(Buffer.from(`secret ${key}`)).slice(0, 16),
    key,
    name: `share ${key}`,
    sources: new Map([['a', '/a']]),
    port: 4001,
    createdAtMs: 2,
    expiresAtMs: undefined,
    once: false,
    downloads: 0,
    allow: [],
    root: undefined,
    signature: undefined,
    ...fields,
  }
}
