/** What tells whether a file on disk is still the one that was read: taken from `stat`, compared whole. */
import type { BigIntStats } from 'node:fs'
import type { FileFingerprint } from './store/store.ts'

/** Inode and device are unsigned in the system, and signed here, as in the store. */
export function fingerprintOf(stats: BigIntStats): FileFingerprint {
  return {
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    inode: BigInt.asIntN(64, stats.ino),
    device: BigInt.asIntN(64, stats.dev),
  }
}

export function equalFingerprints(a: FileFingerprint, b: FileFingerprint): boolean {
  return (
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.inode === b.inode &&
    a.device === b.device
  )
}

/** Numbers of one packed fingerprint: size, mtimeNs, ctimeNs, inode, device. */
export const fingerprintFields = 5

/** Writes fingerprint number `index` of a packed list. */
export function packFingerprint(list: BigInt64Array, index: number, fingerprint: FileFingerprint): void {
  const at = index * fingerprintFields
  list[at] = BigInt(fingerprint.size)
  list[at + 1] = fingerprint.mtimeNs
  list[at + 2] = fingerprint.ctimeNs
  list[at + 3] = fingerprint.inode
  list[at + 4] = fingerprint.device
}

export function unpackFingerprint(list: BigInt64Array, index: number): FileFingerprint {
  const at = index * fingerprintFields
  return {
    size: Number(list[at]),
    mtimeNs: list[at + 1] as bigint,
    ctimeNs: list[at + 2] as bigint,
    inode: list[at + 3] as bigint,
    device: list[at + 4] as bigint,
  }
}

/** Writes the fingerprint of `stats` to `list` from `at` on: without an object, as a walk does so for every file. */
export function packStats(list: BigInt64Array, at: number, stats: BigIntStats): void {
  list[at] = stats.size
  list[at + 1] = stats.mtimeNs
  list[at + 2] = stats.ctimeNs
  list[at + 3] = stats.ino
  list[at + 4] = stats.dev
}

/** True when fingerprint number `index` of a packed list is that of `stats`. */
export function isPackedFingerprintOf(list: BigInt64Array, index: number, stats: BigIntStats): boolean {
  const at = index * fingerprintFields
  return (
    list[at] === stats.size &&
    list[at + 1] === stats.mtimeNs &&
    list[at + 2] === stats.ctimeNs &&
    list[at + 3] === BigInt.asIntN(64, stats.ino) &&
    list[at + 4] === BigInt.asIntN(64, stats.dev)
  )
}

/**
 * A fingerprint as text, `device:inode:size:mtimeNs:ctimeNs`, to be compared whole. Of a folder only which one it is,
 * `device:inode`: its times change with what is in it.
 */
export function versionText(stats: BigIntStats): string {
  const which = `${stats.dev}:${stats.ino}`
  return stats.isDirectory() ? which : `${which}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`
}

/** The fingerprint of a file back out of its text; undefined for that of a folder. */
export function parseVersionText(version: string): FileFingerprint | undefined {
  const [dev, ino, size, mtimeNs, ctimeNs] = version.split(':')
  if (dev === undefined || ino === undefined || size === undefined || !mtimeNs || !ctimeNs) return undefined
  return {
    device: BigInt.asIntN(64, BigInt(dev)),
    inode: BigInt.asIntN(64, BigInt(ino)),
    size: Number(size),
    mtimeNs: BigInt(mtimeNs),
    ctimeNs: BigInt(ctimeNs),
  }
}
