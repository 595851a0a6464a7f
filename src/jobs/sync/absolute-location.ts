/** SRC or DST of a sync as it means the same in any folder: for a job that another process does. Pure, but for the home. */
import { homedir } from 'node:os'
import { parseLocation } from '../../sync/parse-location.ts'
import type { RemoteDefinition } from '../types.ts'

export interface AbsoluteLocationOptions {
  readonly direction: 'source' | 'destination'
  readonly remotes: ReadonlyMap<string, RemoteDefinition>
  /** Absolute. */
  readonly cwd: string
}

/** Folders get their whole path, and keep the slash at the end that means their contents. @throws E_USAGE */
export function absoluteLocation(text: string, options: AbsoluteLocationOptions): string {
  const { location, contents } = parseLocation(text, { ...options, home: homedir() })
  if (location.kind !== 'local') return text
  return contents && !location.path.endsWith('/') ? `${location.path}/` : location.path
}
