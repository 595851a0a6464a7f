/** Whether a server that a test needs is installed. */
import { spawnSync } from 'node:child_process'

/** Servers often lie outside of an ordinary user's PATH. */
const searchPath = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`

export function isInstalled(command: string): boolean {
  const env = { ...process.env, PATH: searchPath }
  return spawnSync('sh', ['-c', 'command -v "$0"', command], { env, stdio: 'ignore' }).status === 0
}

/**
 * Why a test that needs `command` is skipped, or false when it can run. With FERRY_REQUIRE_SERVERS=1 nothing is
 * skipped: the test runs and fails.
 */
export function requireServer(command: string): string | false {
  if (process.env['FERRY_REQUIRE_SERVERS'] === '1' || isInstalled(command)) return false
  return `${command} is not installed`
}
