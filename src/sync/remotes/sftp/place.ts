/** What all parts of one SFTP remote share: its connections, its root, and what was found out on the way. */
import type { RemoteContext } from '../../context.ts'
import type { SftpPool } from './pool.ts'

export interface SftpPlace {
  readonly pool: SftpPool
  readonly context: RemoteContext
  /** Absolute path of the location there, without a slash at the end (but `/` itself is ''). */
  readonly root: string
  /** `sftp://user@host:port`, without a path. */
  readonly place: string
  readonly url: string
  /** Folders below the root that are folders and no links; what may have changed is looked at again. */
  readonly folders: Set<string>
  /** Warns, but of each thing once. */
  warnOnce(about: string, message: string): void
}

/** The path on the server. `path` is relative to the location; '' is the location itself. */
export function remotePath(place: Pick<SftpPlace, 'root'>, path: string): string {
  if (path === '') return place.root === '' ? '/' : place.root
  return `${place.root}/${path}`
}
