// Where and with what the figures were measured.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { arch, cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { parseLoopbackBytes } from './parsers.mjs'

/** First line of a command's output, or undefined when it cannot be run. */
function firstLine(command, ...args) {
  try {
    const output = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return output.split('\n')[0].trim()
  } catch {
    return undefined
  }
}

/** A folder in a file system that lies in memory, where there is one. */
export function memoryFolder() {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
}

export function fileSystemOf(folder) {
  return firstLine('sh', '-c', 'df --output=fstype "$0" | tail -n 1', folder) ?? 'unknown'
}

export function describeMachine() {
  return {
    system: `${type()} ${release()} ${arch()}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    /** Before the first run: what else the machine had to do. */
    loadAverage: loadavg()[0],
  }
}

export function describeVersions() {
  return {
    node: process.version,
    rsync: firstLine('rsync', '--version'),
    ssh: firstLine('sh', '-c', 'ssh -V 2>&1'),
    tar: firstLine('tar', '--version'),
    cp: firstLine('cp', '--version'),
    rclone: firstLine('rclone', 'version'),
    iperf3: firstLine('iperf3', '--version'),
  }
}

/** Short commit, with a plus sign when the working tree differs from it. */
export function describeCommit() {
  const commit = firstLine('git', 'rev-parse', '--short=10', 'HEAD') ?? 'unknown'
  return firstLine('git', 'status', '--porcelain', '--untracked-files=no') ? `${commit}+` : commit
}

/** Bytes free for us in a folder's file system, and in memory if it lies there. */
export function freeBytes(folder) {
  const stat = statfsSync(folder)
  const free = stat.bavail * stat.bsize
  if (fileSystemOf(folder) !== 'tmpfs') return free
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1])
  // Half a GiB for both ends and for who measures them.
  return Math.min(free, available * 1024 - 2 ** 29)
}

/** What a file system takes when it is written to in one go, until all of it is on the disk; MB/s. */
export function measureWriteRate(folder, bytes) {
  const path = join(folder, 'write-rate')
  const piece = randomBytes(2 ** 20)
  const file = openSync(path, 'w')
  try {
    const startedMs = performance.now()
    for (let written = 0; written < bytes; written += piece.byteLength) writeSync(file, piece)
    fsyncSync(file)
    return bytes / 1000 / (performance.now() - startedMs)
  } finally {
    closeSync(file)
    unlinkSync(path)
  }
}

/** All bytes that have crossed the loopback interface, headers included; undefined where there is no /proc. */
export function loopbackBytes() {
  try {
    return parseLoopbackBytes(readFileSync('/proc/net/dev', 'latin1'))
  } catch {
    return undefined
  }
}
