/** Makes an entry of what `lstat` says. */
import { isUtf8 } from 'node:buffer'
import { readlinkSync, type BigIntStats } from 'node:fs'
import { versionText } from '../../../blobs/fingerprint.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { TreePath } from '../../../shared/paths.ts'
import type { SyncEntry } from '../../source.ts'

function kindOf(stats: BigIntStats): SyncEntry['kind'] {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'symlink' : 'other'
}

/** @throws E_IO when it is a link whose target is not UTF-8; a system error */
export function entryOf(path: TreePath, diskPath: string, stats: BigIntStats): SyncEntry {
  const kind = kindOf(stats)
  return {
    path,
    kind,
    size: kind === 'file' ? Number(stats.size) : 0,
    mtimeNs: stats.mtimeNs,
    mode: Number(stats.mode & 0o7777n),
    ...(kind === 'symlink' && { target: targetOf(diskPath) }),
    version: versionText(stats),
  }
}

function targetOf(diskPath: string): string {
  const target = readlinkSync(diskPath, { encoding: 'buffer' })
  if (isUtf8(target)) return target.toString('utf8')
  throw new FerryError('E_IO', `Cannot read the link "${diskPath}": its target is not valid UTF-8`)
}
