/**
 * What paths and versions are called in an index: 16 bytes of their BLAKE3. Rows so are all of one length, nothing from
 * outside has to be parsed as a path, and an index tells nobody what files are called.
 */
import { hash } from '../../blobs/hash.ts'
import type { SyncEntry } from '../source.ts'

export const nameBytes = 16

const encoder = new TextEncoder()

/** 16 bytes for a path relative to the location. */
export function nameOfPath(path: string): Uint8Array {
  return hash(encoder.encode(path)).subarray(0, nameBytes)
}

/** 16 bytes for one version of a file. The size is a part of it: then no row can lie about it. */
export function nameOfVersion({ version, size }: Pick<SyncEntry, 'version' | 'size'>): Uint8Array {
  return hash(encoder.encode(`${size} ${version}`)).subarray(0, nameBytes)
}
