// Where and with what the figures were measured.
import { execFileSync } from 'node:child_process'
import { readFileSync, statfsSync } from 'node:fs'
import { arch, cpus, release, totalmem, type } from 'node:os'

/** First line of a command's output, or undefined when it cannot be run. */
function firstLine(command, ...args) {
  try {
    const output = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return output.split('\n')[0].trim()
  } catch {
    return undefined
  }
}

export function describeMachine(folder) {
  return {
    system: `${type()} ${release()} ${arch()}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    folder,
    fileSystem: firstLine('stat', '--file-system', '--format=%T', folder) ?? 'unknown',
  }
}

export function describeVersions() {
  return {
    node: process.version,
    rsync: firstLine('rsync', '--version'),
    ssh: firstLine('sh', '-c', 'ssh -V 2>&1'),
    tar: firstLine('tar', '--version'),
    cp: firstLine('cp', '--version'),
  }
}

/** Short commit, with a plus sign when the working tree differs from it. */
export function describeCommit() {
  const commit = firstLine('git', 'rev-parse', '--short=10', 'HEAD') ?? 'unknown'
  return firstLine('git', 'status', '--porcelain', '--untracked-files=no') ? `${commit}+` : commit
}

/** Bytes free for us in a folder's file system. */
export function freeBytes(folder) {
  const stat = statfsSync(folder)
  return stat.bavail * stat.bsize
}

/** All bytes that have crossed the loopback interface, headers included; undefined where there is no /proc. */
export function loopbackBytes() {
  try {
    const line = readFileSync('/proc/net/dev', 'latin1')
      .split('\n')
      .find((text) => text.trim().startsWith('lo:'))
    return Number(line.split(':')[1].trim().split(/\s+/)[0])
  } catch {
    return undefined
  }
}
