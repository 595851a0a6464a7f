/** Small file systems in memory, for tests of full disks. Only root can mount them. */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/** Why tmpfs tests cannot run here, or false when they can; for the `skip` option of a test. */
export const tmpfsSkipReason: string | false =
  process.getuid?.() === 0 && mountWorks() ? false : 'only root can mount a tmpfs'

function mountWorks(): boolean {
  // A container may have root without the right to mount.
  return spawnSync('unshare', ['-m', 'true']).status === 0
}

export interface Tmpfs extends Disposable {
  readonly path: string
  makeReadOnly(): void
}

/** Mounts a tmpfs of `sizeBytes` at `path`, which is made; unmounted when disposed of. */
export function mountTmpfs(path: string, sizeBytes: number): Tmpfs {
  mkdirSync(path, { recursive: true })
  const result = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'ferry-test', path], {
    encoding: 'utf8',
  })
  if (result.status !== 0) throw new Error(`mount of a tmpfs failed: ${result.stderr}`)
  return {
    path,
    makeReadOnly() {
      const remounted = spawnSync('mount', ['-o', 'remount,ro', path], { encoding: 'utf8' })
      if (remounted.status !== 0) throw new Error(`remount failed: ${remounted.stderr}`)
    },
    [Symbol.dispose]() {
      spawnSync('umount', ['--lazy', path])
    },
  }
}
