// Bytes on the wire are counted on the loopback interface, which every program of the machine shares. So root runs the
// whole measurement in a network namespace of its own, where nobody else's packets are counted.
import { spawnSync } from 'node:child_process'

const marker = 'FERRY_BENCH_OWN_NETWORK'

/**
 * Replaces this process by itself in a new network namespace; returns only where that cannot be done, or is done.
 * @returns whether the loopback interface is ours alone.
 */
export function enterOwnNetwork() {
  if (process.env[marker] === '1') return true
  const start = 'ip link set lo up && exec "$@"'
  const works = spawnSync('unshare', ['--net', 'sh', '-c', start, 'sh', 'true'], { stdio: 'ignore' })
  if (works.status !== 0 || process.execve === undefined) return false
  const shell = spawnSync('sh', ['-c', 'command -v unshare'], { encoding: 'utf8' }).stdout.trim()
  process.execve(
    shell,
    [shell, '--net', 'sh', '-c', start, 'sh', process.execPath, ...process.argv.slice(1)],
    { ...process.env, [marker]: '1' },
  )
  return false
}
