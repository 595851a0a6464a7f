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

/** Mounts a tmpfs of `sizeBytes` at `path`, which is made; unmounted when disposed of. */
export function mountTmpfs(path: string, sizeBytes: number): Disposable & { readonly path: string } {
  mkdirSync(path, { recursive: true })
  const result = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'ferry-test', path], {
    encoding: 'utf8',
  })
  if (result.status !== 0) throw new Error(`mount of a tmpfs failed: ${result.stderr}`)
  return {
    path,
    [Symbol.dispose]() {
      spawnSync('umount', ['--lazy', path])
    },
  }
}
