/**
 * The lines of `--json`, schema v1: one object a line on stdout, numbers plain, times ISO 8601, the last line always a
 * `summary`. Within v1 fields are only added. See docs/logging.md.
 */
import type { ItemEvent, PeerPicture, ReportedError, Snapshot } from '../../progress/events.ts'
import type { FerryError } from '../../shared/errors.ts'
import { formatBytes } from '../../shared/units.ts'
import type { ProcessIo } from '../terminal.ts'

export type JsonType =
  | 'start'
  | 'ticket'
  | 'plan'
  | 'progress'
  | 'item'
  | 'peer'
  | 'entry'
  | 'check'
  | 'difference'
  | 'setting'
  | 'remote'
  | 'provider'
  | 'job'
  | 'share'
  | 'connection'
  | 'ended'
  | 'daemon'
  | 'warning'
  | 'error'
  | 'summary'

export function jsonLine(type: JsonType, fields: object, now: Date = new Date()): string {
  return `${JSON.stringify({ v: 1, ts: now.toISOString(), type, ...fields })}\n`
}

/** Hashes in the form that `jq` users can compare: `blake3:9f2c…`, whole. */
export function hashText(hash: Uint8Array): string {
  return `blake3:${Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('hex')}`
}

/** Files that a line of progress names; more are a list, which `item` lines are. */
const maxActiveTold = 8

export function progressFields(snapshot: Snapshot): object {
  const { id, kind, step, stepNumber, totalSteps, files, bytes, rate, etaSeconds, message } = snapshot
  return {
    id,
    kind,
    name: snapshot.name,
    phase: snapshot.phase,
    step,
    stepNumber,
    totalSteps,
    progress: snapshot.percent,
    files,
    bytes,
    rate: Math.round(rate),
    etaSeconds: etaSeconds ?? null,
    peers: snapshot.peers.filter((peer) => peer.state === 'connected').length,
    message,
    net: requestsOf(snapshot),
    active: snapshot.active
      .slice(0, maxActiveTold)
      .map(({ path, phase, done, total }) => ({ path, phase, done, total })),
    text: formatBytes(bytes.total),
  }
}

/** Requests for content, and the milliseconds that one took on average; undefined where none was made. */
export function requestsOf({
  peers,
}: Snapshot): { readonly requests: number; readonly ms: number } | undefined {
  let count = 0
  let sumMs = 0
  for (const { requests = 0, requestMs = 0 } of peers) {
    count += requests
    sumMs += requestMs
  }
  return count === 0 ? undefined : { requests: count, ms: Math.round(sumMs / count) }
}

export function itemFields(id: string, item: ItemEvent): object {
  return {
    id,
    path: item.path,
    phase: item.phase,
    bytes: item.bytes,
    ...(item.error && { error: item.error }),
  }
}

export function peerFields(id: string, peer: PeerPicture): object {
  const { address, state, bytes, roundTripMs, message } = peer
  return { id, peer: peer.peer, address, state, bytes, roundTripMs, message }
}

export interface SummaryExtra {
  readonly error?: ReportedError | undefined
  readonly [field: string]: unknown
}

export function summaryFields(
  snapshot: Snapshot | undefined,
  exitCode: number,
  extra: SummaryExtra = {},
): object {
  return {
    id: snapshot?.id,
    ok: exitCode === 0,
    exitCode,
    seconds: snapshot ? Math.round(snapshot.elapsedMs) / 1000 : 0,
    files: {
      done: snapshot?.files.done ?? 0,
      total: snapshot?.files.total ?? 0,
      had: snapshot?.files.had ?? 0,
      failed: snapshot?.files.failed ?? 0,
    },
    bytes: {
      total: snapshot?.bytes.total ?? 0,
      fetched: snapshot?.bytes.transferred ?? 0,
      reused: snapshot?.bytes.reused ?? 0,
    },
    rate: Math.round(snapshot?.rate ?? 0),
    ...extra,
  }
}

/** The two lines of a command that failed before it had anything to report. */
export function printErrorLine(io: ProcessIo, error: FerryError, exitCode: number): void {
  const { code, message, hint } = error
  io.stdout.write(jsonLine('error', { error: { code, message, hint } }))
  io.stdout.write(jsonLine('summary', summaryFields(undefined, exitCode, { error: { code, message, hint } })))
}
