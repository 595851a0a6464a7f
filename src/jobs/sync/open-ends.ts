/**
 * Both ends of a sync, and rsync's rules of what SRC and DST mean: `SRC/` is what is in the folder, `SRC` the folder
 * itself; a single file goes into DST when that is a folder, and gets DST as its name otherwise.
 */
import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { FerryError } from '../../shared/errors.ts'
import type { TreePath } from '../../shared/paths.ts'
import { escapeText, quoteName } from '../../shared/terminal-text.ts'
import type { ChunkIndex } from '../../sync/chunk-index.ts'
import type { RemoteContext } from '../../sync/context.ts'
import { indexedSource, inFolder, singleEntry, type SyncSource } from '../../sync/execute/sync-source.ts'
import { openChunkIndex } from '../../sync/index/open-chunk-index.ts'
import type { ParsedLocation, RemoteLocation } from '../../sync/location.ts'
import { openRemote } from '../../sync/open-remote.ts'
import type { SyncSettings } from '../../sync/options.ts'
import { parseLocation } from '../../sync/parse-location.ts'
import type { Remote } from '../../sync/remote.ts'
import type { SyncEntry } from '../../sync/source.ts'
import type { JobContext } from '../types.ts'
import { openTicketSource } from './ticket-source.ts'
import type { SyncOptions } from './types.ts'
import { parentOf, pathIn, pathWithin, whereaboutsOf, type Whereabouts } from './whereabouts.ts'

export interface Ends {
  readonly source: SyncSource
  readonly remote: Remote
  /** What is known of the destination's files; undefined where cutting and listing tell all. */
  readonly index: ChunkIndex | undefined
  /** Only this folder of the destination is compared, or this one file; undefined: all of it. */
  readonly under: TreePath | undefined
  /** A single file or link: what stands at its name is all that is listed. */
  readonly isSingle: boolean
  /** Both top folders, when what is in a folder is synced. */
  readonly top: { readonly source: SyncEntry; readonly existing: SyncEntry | undefined } | undefined
  /** The destination has to be made before anything is written to it. */
  readonly isMissing: boolean
  /** A folder of the source that is the destination itself, and left out. */
  readonly leftOut: string | undefined
  /** Nothing leaves this computer. */
  readonly areLocal: boolean
  /** Only what has one of these names at the top is looked at; undefined: all. */
  readonly tops: ReadonlySet<string> | undefined
  /** Tells the sender that all has arrived. */
  readonly finished: (() => Promise<void>) | undefined
  /** How SRC and DST were read, for people. */
  readonly meaning: string
}

interface OpenedSource {
  readonly source: SyncSource
  readonly where: Whereabouts | undefined
  readonly kind: 'contents' | 'folder' | 'single' | 'ticket'
  readonly name: TreePath | undefined
  readonly top: SyncEntry | undefined
  readonly tops?: ReadonlySet<string>
  readonly finished?: () => Promise<void>
}

export interface OpenContext extends JobContext {
  readonly remoteContext: RemoteContext
  readonly settings: SyncSettings
  /** Takes what is to be closed at the end. */
  readonly stack: AsyncDisposableStack
}

/**
 * Nothing is written yet.
 * @throws E_USAGE when the two do not go together, E_NOT_FOUND when SRC or the folder above DST is not there, and what places say
 */
export async function openEnds(
  from: string,
  to: string,
  options: SyncOptions,
  context: OpenContext,
): Promise<Ends> {
  const { env } = context.remoteContext
  const common = { remotes: options.remotes ?? new Map(), cwd: process.cwd(), home: env['HOME'] ?? homedir() }
  const parsedFrom = parseLocation(from, { ...common, direction: 'source' })
  const parsedTo = parseLocation(to, { ...common, direction: 'destination' })
  const { location: fromLocation } = parsedFrom
  const opened =
    fromLocation.kind === 'ticket'
      ? await openTicket(fromLocation.ticket, context)
      : await openSource({ ...parsedFrom, location: withS3(fromLocation, options, 'source') }, context)
  const target = { ...parsedTo, location: withS3(parsedTo.location, options, 'destination') }
  return await openDestination(opened, target, fromLocation.kind === 'local', context)
}

function withS3<Kind extends RemoteLocation>(
  location: Kind,
  { s3 = {} }: SyncOptions,
  direction: 'source' | 'destination',
): Kind {
  if (location.kind !== 's3') return location
  const given = Object.entries(s3).filter(
    ([key, value]) => value !== undefined && (key !== 'storageClass' || direction === 'destination'),
  )
  return { ...location, ...Object.fromEntries(given) }
}

/** A ticket has names of its own at the top, and others in the destination are none of its business. */
async function openTicket(ticket: string, context: OpenContext): Promise<OpenedSource> {
  const source = context.stack.use(await openTicketSource(ticket, context))
  const tops = new Set<string>()
  // What cannot be listed is told when all is listed.
  const listing = source.list({ signal: context.signal, recursive: false, onProblem: () => undefined })
  for await (const batch of listing) for (const { path } of batch) tops.add(path)
  const finished = async (): Promise<void> => await source.finished()
  return { source, where: undefined, kind: 'ticket', name: undefined, top: undefined, tops, finished }
}

async function openSource(
  { location, contents }: ParsedLocation<RemoteLocation>,
  context: OpenContext,
): Promise<OpenedSource> {
  const { settings, stack, remoteContext, signal } = context
  const above = parentOf(location)
  const open = async (at: RemoteLocation): Promise<Remote> => stack.use(await openRemote(at, remoteContext))

  async function single(name: TreePath): Promise<OpenedSource | undefined> {
    if (!above) return undefined
    const parent = await open(above.parent)
    const entry = await parent.stat(name, { signal })
    const isFollowed = entry?.kind === 'symlink' && settings.copyLinks
    if (!entry || entry.kind === 'directory' || isFollowed) return undefined
    const source = await indexed(parent, above.parent, context)
    const where = whereaboutsOf(parent.place, above.parent, name)
    return { source: singleEntry(source, entry, name), where, kind: 'single', name, top: entry }
  }

  // A link is a link here, whatever it leads to: only its own folder can tell.
  if (location.kind === 'local' && !contents && above && isThere(dirname(location.path))) {
    const found = await single(above.name)
    if (found) return found
  }
  const remote = await open(location)
  const top = await remote.stat('', { signal })
  if (!top) throw notFound(remote.url)
  if (top.kind !== 'directory') {
    const found = contents || !above ? undefined : await single(above.name)
    if (found) return found
    throw new FerryError('E_CONFLICT', `Cannot sync ${quoteName(remote.url)}: it is not a folder`, {
      hint: 'without a slash at the end it is sent as a file',
    })
  }
  const source = await indexed(remote, location, context)
  const where = whereaboutsOf(remote.place, location)
  const common = { where, top }
  // Names of a list are those of what is in the folder.
  if (contents || !above || settings.filesFrom)
    return { ...common, source, kind: 'contents', name: undefined }
  return { ...common, source: inFolder(source, above.name, top), kind: 'folder', name: above.name }
}

/** A place on this computer tells all by itself; of others a memory spares requests. */
async function indexed(
  remote: Remote,
  location: RemoteLocation,
  { remoteContext, settings, stack }: OpenContext,
): Promise<SyncSource> {
  if (location.kind === 'local') return indexedSource(remote, undefined)
  const options = { sidecar: settings.sidecar, root: pathIn(location), writable: false }
  return indexedSource(remote, stack.use(await openChunkIndex(remote, remoteContext, options)))
}

async function openDestination(
  opened: OpenedSource,
  { location, contents }: ParsedLocation<RemoteLocation>,
  fromIsLocal: boolean,
  context: OpenContext,
): Promise<Ends> {
  const { settings, stack, remoteContext, signal } = context
  let at = location
  let remote = stack.use(await openRemote(at, remoteContext))
  let existing = await remote.stat('', { signal })
  const isFolder = existing?.kind === 'directory'
  let { source, name } = opened
  const isSingle = opened.kind === 'single'
  if (isSingle && name && !isFolder && !contents) {
    // The file gets the name of DST.
    const above = parentOf(location)
    if (above && opened.top) {
      at = above.parent
      remote = stack.use(await openRemote(at, remoteContext))
      existing = await remote.stat('', { signal })
      source = singleEntry(source, opened.top, above.name)
      name = above.name
    }
  }
  if (existing && existing.kind !== 'directory')
    throw new FerryError('E_CONFLICT', `Cannot sync into ${quoteName(remote.url)}: it is not a folder`, {
      hint: 'only a single file can replace a file',
    })
  if (!existing && at.kind === 'local' && !isThere(dirname(at.path)))
    throw new FerryError(
      'E_NOT_FOUND',
      `Cannot make ${quoteName(at.path)}: the folder above it does not exist`,
      {
        hint: `make it first: mkdir -p '${escapeText(dirname(at.path))}'`,
      },
    )
  const under = opened.kind === 'folder' || isSingle ? name : undefined
  const target = whereaboutsOf(remote.place, at, under)
  const leftOut = checkApart(opened, target, { from: source.url, settings })
  const index =
    at.kind === 'local'
      ? undefined
      : stack.use(
          await openChunkIndex(remote, remoteContext, { sidecar: settings.sidecar, root: pathIn(at) }),
        )
  return {
    source,
    remote,
    index,
    under,
    isSingle,
    top: opened.kind === 'contents' && opened.top ? { source: opened.top, existing } : undefined,
    isMissing: !existing,
    leftOut,
    areLocal: fromIsLocal && at.kind === 'local',
    tops: opened.tops,
    finished: opened.finished,
    meaning: meaningOf(opened, name, remote.url),
  }
}

/** @throws E_USAGE when both are one, or deleting would delete the source; returns what of the source is the target */
function checkApart(
  { where, kind, name }: OpenedSource,
  target: Whereabouts,
  { from, settings }: { readonly from: string; readonly settings: SyncSettings },
): string | undefined {
  if (!where) return undefined
  const inside = pathWithin(where, target)
  if (inside === '')
    throw new FerryError('E_USAGE', `Cannot sync ${quoteName(from)} with itself`, {
      hint: kind === 'folder' ? 'SRC without a slash becomes the folder SRC in DST' : undefined,
    })
  if (settings.delete && pathWithin(target, where) !== undefined)
    throw new FerryError('E_USAGE', `Cannot delete in a folder that holds the source: ${quoteName(from)}`, {
      hint: 'leave out --delete',
    })
  return inside !== undefined && kind === 'folder' ? `${name}/${inside}` : inside
}

function meaningOf({ kind, source }: OpenedSource, name: TreePath | undefined, url: string): string {
  const [from, to] = [escapeText(source.url), escapeText(url)]
  const below = name === undefined ? '' : escapeText(name)
  const slash = to.endsWith('/') || to === '' ? to : `${to}/`
  if (kind === 'contents') return `what is in ${from} goes to ${to} (trailing slash, or a whole place)`
  if (kind === 'folder') return `the folder ${from} becomes ${slash}${below} (no trailing slash)`
  if (kind === 'single') return `${from} becomes ${slash}${below}`
  return `what the ticket offers goes to ${to}`
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function notFound(url: string): FerryError {
  return new FerryError('E_NOT_FOUND', `Cannot sync ${quoteName(url)}: it does not exist`, {
    hint: 'check the name for a slip; nothing was changed',
  })
}
