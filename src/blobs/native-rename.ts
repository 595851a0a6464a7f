/**
 * Gives a file another name unless that is taken, in one call: `renameat2`, by way of koffi. Only Linux has it, and not
 * every file system; elsewhere the same takes a link and a removal (see publish.ts).
 */
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import type * as koffiModule from 'koffi'

/** "Take paths from the working directory" and "do not replace", as in <fcntl.h> and <stdio.h>. */
const atCwd = -100
const noReplace = 1

interface Renames {
  renameat2(fromDirectory: number, from: string, toDirectory: number, to: string, flags: number): number
  errno(): number
}

let loaded: Renames | null | undefined

function load(): Renames | null {
  if (loaded !== undefined) return loaded
  loaded = null
  if (process.platform === 'linux' && process.env['FERRY_NATIVE_RENAME'] !== '0') {
    try {
      const koffi = createRequire(import.meta.url)('koffi') as typeof koffiModule
      const renameat2 = koffi
        .load(null)
        .func('int renameat2(int from, const char *old, int to, const char *new, unsigned int flags)')
      loaded = { renameat2: renameat2 as Renames['renameat2'], errno: () => koffi.errno() }
    } catch {
      // No binary for this platform, or a C library without the call.
    }
  }
  return loaded
}

/** 'unable': this system or file system cannot do it, or it failed in a way that another call tells better. */
export function renameNew(from: string, to: string): 'done' | 'taken' | 'unable' {
  const renames = load()
  if (!renames) return 'unable'
  if (renames.renameat2(atCwd, from, atCwd, to, noReplace) === 0) return 'done'
  return renames.errno() === constants.errno.EEXIST ? 'taken' : 'unable'
}
