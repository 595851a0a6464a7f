/** What can be seen to be wrong with a job before it is started. */
import { isAbsolute } from 'node:path'
import { parseTicket } from '../../node/ticket.ts'
import { FerryError } from '../../shared/errors.ts'
import { absoluteLocation } from '../sync/absolute-location.ts'
import type { RemoteDefinition } from '../types.ts'
import type { JobSpec } from '../engine-types.ts'
import type { Entry } from './entry.ts'
import { hasEnded } from './entry.ts'

type NamedRemotes = ReadonlyMap<string, RemoteDefinition>

/** `remotes`: those that a sync may name. @throws E_USAGE, E_TICKET, E_TICKET_VERSION */
export function checkSpec(spec: JobSpec, remotes: NamedRemotes = new Map()): void {
  const mustBeAbsolute = (path: string): void => {
    if (path.includes('\0') || !isAbsolute(path))
      throw new FerryError('E_USAGE', `Cannot use "${path.slice(0, 200)}": the path is not absolute`, {
        hint: 'give the whole path, beginning with /',
      })
  }
  if (spec.kind === 'share') {
    if (spec.paths.length === 0) throw new FerryError('E_USAGE', 'Cannot share: no path is given')
    spec.paths.forEach(mustBeAbsolute)
  } else if (spec.kind === 'receive') {
    parseTicket(spec.ticket)
    mustBeAbsolute(spec.into)
  } else {
    mustBeAnywhere(spec.from, 'source', remotes)
    mustBeAnywhere(spec.to, 'destination', remotes)
  }
}

/** A location that means the same whatever the present folder is. @throws E_USAGE when it does not */
function mustBeAnywhere(text: string, direction: 'source' | 'destination', remotes: NamedRemotes): void {
  const absolute = absoluteLocation(text, { direction, remotes, cwd: '/' })
  if (absolute === absoluteLocation(text, { direction, remotes, cwd: '/elsewhere' })) return
  throw new FerryError('E_USAGE', `Cannot use "${text.slice(0, 200)}": the path is not absolute`, {
    hint: 'give the whole path, beginning with /',
  })
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && [...a].sort().every((path, index) => path === [...b].sort()[index])

/**
 * The share of the same paths that is there already: who shares them again gets its ticket.
 * @throws E_CONFLICT when the other one has other options, or syncs or receives the same into the same folder
 */
export function findTwin(entries: Iterable<Entry>, spec: JobSpec): Entry | undefined {
  for (const entry of entries) {
    const other = entry.spec
    if (hasEnded(entry.state)) continue
    if (spec.kind === 'share' && other.kind === 'share' && sameList(spec.paths, other.paths)) {
      if (JSON.stringify(spec.options ?? {}) === JSON.stringify(other.options ?? {})) return entry
      throw new FerryError('E_CONFLICT', `Cannot share this again: job ${entry.id} shares it otherwise`, {
        hint: `stop that one first: ferry shares rm ${entry.id}`,
      })
    }
    if (spec.kind === 'receive' && other.kind === 'receive' && spec.into === other.into) {
      if (spec.ticket.trim().toLowerCase() !== other.ticket.trim().toLowerCase()) continue
      throw new FerryError('E_CONFLICT', `Cannot receive this twice: job ${entry.id} is at it`, {
        hint: `watch it with: ferry status ${entry.id} --watch`,
      })
    }
    if (spec.kind === 'sync' && other.kind === 'sync' && spec.from === other.from && spec.to === other.to) {
      // To look what another one would do does no harm.
      if (spec.options?.dryRun === true || other.options?.dryRun === true) continue
      throw new FerryError('E_CONFLICT', `Cannot sync this twice at once: job ${entry.id} is at it`, {
        hint: `watch it with: ferry status ${entry.id} --watch`,
      })
    }
  }
  return undefined
}
