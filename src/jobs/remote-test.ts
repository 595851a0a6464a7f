/** The journey of `remote test`: parse → open, which logs in → list the top of it → what it can do. Writes nothing. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { throwIfCancelled } from '../shared/concurrency.ts'
import { toFerryError } from '../shared/errors.ts'
import { openRemote } from '../sync/open-remote.ts'
import { parseLocation } from '../sync/parse-location.ts'
import type { Remote } from '../sync/remote.ts'
import type { JobContext, RemoteDefinition } from './types.ts'

/** Enough to say that listing works, and few requests. */
const maxEntriesCounted = 1000

export interface RemoteTestOptions {
  readonly signal?: AbortSignal | undefined
  /** Remotes that the location may name. */
  readonly remotes?: ReadonlyMap<string, RemoteDefinition> | undefined
  /** Asks the user for a secret, or whether a host key is right. Left out: nobody can be asked. */
  readonly ask?: ((question: string, hidden: boolean) => Promise<string>) | undefined
  readonly onWarning?: ((message: string) => void) | undefined
}

export interface RemoteTestResult {
  /** For people; never with a secret in it. */
  readonly url: string
  /** What stands there; undefined when nothing does, which a sync would make. */
  readonly kind: 'folder' | 'file' | undefined
  /** At the top of it; `isMore` when they were not all counted. */
  readonly entries: number
  readonly isMore: boolean
  /** Changed files are put together there from what is there. */
  readonly delta: boolean
  readonly modes: boolean
  readonly links: boolean
  /** Interrupted uploads that lie there; undefined when that cannot be told. */
  readonly abandoned: number | undefined
}

/**
 * `location` is as for a sync: `NAME:`, `s3://bucket`, `host:path`.
 * @throws E_USAGE, E_NOT_FOUND, E_UNREACHABLE, E_PERMISSION, E_REFUSED, E_CANCELLED
 */
export async function runRemoteTest(
  location: string,
  options: RemoteTestOptions,
  { signal, progress, tools }: JobContext,
): Promise<RemoteTestResult> {
  progress.phase('connect')
  const { env } = process
  const parsed = parseLocation(location, {
    remotes: options.remotes ?? new Map(),
    cwd: process.cwd(),
    home: env['HOME'] ?? homedir(),
    direction: 'destination',
  })
  const warn = (message: string): void => progress.warn(message)
  await using remote = await openRemote(parsed.location, {
    signal,
    warn,
    pool: tools.pool,
    store: tools.store,
    stateDirectory: join(tools.directory, 'sync'),
    env,
    ask: options.ask,
  })
  progress.phase('manifest')
  const top = await remote.stat('', { signal })
  const kind = top && (top.kind === 'directory' ? 'folder' : 'file')
  const { entries, isMore } =
    kind === 'folder' ? await countEntries(remote, signal) : { entries: 0, isMore: false }
  const { assemble, modes, writeLink } = remote.caps
  return {
    url: remote.url,
    kind,
    entries,
    isMore,
    delta: assemble !== undefined,
    modes,
    links: writeLink !== undefined,
    abandoned: await countAbandoned(remote, signal, warn),
  }
}

async function countEntries(
  remote: Remote,
  signal: AbortSignal,
): Promise<{ readonly entries: number; readonly isMore: boolean }> {
  let entries = 0
  let problem: Error | undefined
  const onProblem = ({ error }: { readonly error: Error }): void => void (problem ??= error)
  for await (const batch of remote.list({ signal, recursive: false, onProblem })) {
    throwIfCancelled(signal)
    entries += batch.length
    if (entries >= maxEntriesCounted) return { entries: maxEntriesCounted, isMore: true }
  }
  if (problem !== undefined && entries === 0) throw toFerryError(problem, `Cannot list "${remote.url}"`)
  return { entries, isMore: false }
}

/** Who may write need not be allowed to list uploads; that is no failure of the remote. */
async function countAbandoned(
  remote: Remote,
  signal: AbortSignal,
  warn: (message: string) => void,
): Promise<number | undefined> {
  try {
    return (await remote.abandoned?.({ signal }))?.length ?? 0
  } catch (error) {
    throwIfCancelled(signal)
    warn(toFerryError(error, 'Cannot look for interrupted uploads').message)
    return undefined
  }
}
