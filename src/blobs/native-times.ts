/**
 * Exact file times. Node's own `utimes` takes seconds as a double, which near today is about 240 ns coarse, so a time in
 * nanoseconds would not survive a copy. Where koffi has a binary (it ships them for the common platforms), the C
 * library's `futimens` and `utimensat` are called; elsewhere the time is set as near as Node can.
 */
import { futimesSync, lutimesSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as koffiModule from 'koffi'

type Koffi = typeof koffiModule

interface NativeTimes {
  /** 0 or −1, as in C. */
  futimens(fd: number, times: BigInt64Array): number
  utimensat(directory: number, path: string, times: BigInt64Array, flags: number): number
}

const nanosecondsPerSecond = 1_000_000_000n
/** "Take paths from the working directory" and "the link itself", as in <fcntl.h>. */
const constants: Partial<Record<NodeJS.Platform, { atCwd: number; noFollow: number }>> = {
  linux: { atCwd: -100, noFollow: 0x100 },
  darwin: { atCwd: -2, noFollow: 0x20 },
  freebsd: { atCwd: -100, noFollow: 0x200 },
}
const platform = constants[process.platform]

let loaded: NativeTimes | null | undefined

function load(): NativeTimes | null {
  if (loaded !== undefined) return loaded
  loaded = null
  // A timespec is two 64-bit integers only on 64-bit systems.
  if (
    platform &&
    (process.arch === 'x64' || process.arch === 'arm64') &&
    process.env['FERRY_NATIVE_TIMES'] !== '0'
  ) {
    try {
      const koffi = createRequire(import.meta.url)('koffi') as Koffi
      const c = koffi.load(null)
      loaded = {
        futimens: c.func('int futimens(int fd, void *times)') as NativeTimes['futimens'],
        utimensat: c.func(
          'int utimensat(int dir, const char *path, void *times, int flags)',
        ) as NativeTimes['utimensat'],
      }
    } catch {
      // No binary for this platform: Node's own precision has to do.
    }
  }
  return loaded
}

const times = new BigInt64Array(4)

/** Access and modification time alike, split so that the nanoseconds are 0 … 999,999,999 before 1970 too. */
function fill(mtimeNs: bigint): BigInt64Array {
  let seconds = mtimeNs / nanosecondsPerSecond
  let rest = mtimeNs % nanosecondsPerSecond
  if (rest < 0n) {
    seconds -= 1n
    rest += nanosecondsPerSecond
  }
  times[0] = times[2] = seconds
  times[1] = times[3] = rest
  return times
}

/** Sets access and modification time of an open file. @throws a system error when the file system refuses. */
export function setFileTimes(fd: number, mtimeNs: bigint): void {
  if (load()?.futimens(fd, fill(mtimeNs)) === 0) return
  const seconds = Number(mtimeNs) / 1e9
  futimesSync(fd, seconds, seconds)
}

/** The same for a path, a symbolic link itself included. @throws a system error when the file system refuses. */
export function setPathTimes(path: string, mtimeNs: bigint): void {
  if (platform && load()?.utimensat(platform.atCwd, path, fill(mtimeNs), platform.noFollow) === 0) return
  const seconds = Number(mtimeNs) / 1e9
  lutimesSync(path, seconds, seconds)
}
