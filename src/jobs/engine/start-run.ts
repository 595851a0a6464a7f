/** Starts the run that a spec asks for, as a job of the engine's id, and tells what becomes known of it. */
import { toHex } from '../../shared/bytes.ts'
import { FerryError } from '../../shared/errors.ts'
import type { Ferry } from '../ferry.ts'
import type { Job } from '../job.ts'
import type { SyncOptions } from '../sync/types.ts'
import type { RemoteDefinition } from '../types.ts'
import type { Entry, Extra } from './entry.ts'
import { limitsOf } from './entry.ts'

/** @throws E_USAGE what cannot be started as it is */
export function startRun(
  ferry: Ferry,
  entry: Entry,
  learn: (extra: Partial<Extra>) => void,
  remotes?: ReadonlyMap<string, RemoteDefinition>,
): Job<unknown> {
  const { id, spec } = entry
  const controls = { id, bytesPerSecond: limitsOf(entry).bytesPerSecond ?? undefined }
  const { leftOut, paths, parts } = entry.extra
  if (spec.kind === 'share') {
    // A share that goes on keeps its ticket and the hour at which it ends.
    const { fresh, expireMs, ...options } = spec.options ?? {}
    const { expiresAtMs } = entry.extra
    const leftMs = expiresAtMs === undefined ? expireMs : expiresAtMs - Date.now()
    if (leftMs !== undefined && leftMs <= 0)
      throw new FerryError('E_REFUSED', 'Cannot share this again: its time has passed')
    if (leftMs !== undefined) learn({ expiresAtMs: Date.now() + leftMs })
    const job = ferry.share(spec.paths, {
      ...options,
      ...controls,
      fresh: entry.attempts > 1 ? undefined : fresh,
      expireMs: leftMs,
    })
    job.ticket.then(
      ({ ticket }) => learn({ ticket }),
      () => undefined,
    )
    job.sealed.then(
      ({ root, bytes }) => learn({ root: toHex(root), sealedBytes: bytes }),
      () => undefined,
    )
    return job
  }
  if (spec.kind === 'receive')
    return ferry.receive(spec.ticket, spec.into, { ...spec.options, ...controls, leftOut, paths, parts })
  // What is wrong with it the journey says.
  return ferry.sync(spec.from, spec.to, {
    ...(spec.options as SyncOptions | undefined),
    ...controls,
    leftOut,
    paths,
    parts,
    remotes,
  })
}
