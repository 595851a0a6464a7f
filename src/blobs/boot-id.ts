/** Tells one run of the operating system from the next: what the page cache held is lost between them. */
import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { hash } from './hash.ts'

/** Boot times computed from the clock are only this exact, in seconds. */
const clockStepSeconds = 60

function read(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // Not Linux. A wrong "other boot" only costs the ranges behind the last sync mark.
    return `booted ${Math.round((Date.now() / 1000 - uptime()) / clockStepSeconds)}`
  }
}

let known: Uint8Array | undefined

/** 16 bytes, the same until the system restarts. */
export function currentBootId(): Uint8Array {
  known ??= hash(new TextEncoder().encode(read())).subarray(0, 16)
  return known
}
