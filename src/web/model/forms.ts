/** What the forms ask for, checked as far as it can be here, and made into what the daemon is to start. Pure. */
import type { ReceiveSpec, ReceiveSpecOptions, ShareSpec, SyncSpec } from '../../jobs/engine-types.ts'
import { limitOf } from './limit-choices.ts'

export type StartKind = 'receive' | 'share' | 'sync'

/** A field that cannot be used as it is, and why. */
export interface FieldError {
  readonly field: string
  readonly message: string
}

export type Filled<Spec> = { readonly spec: Spec } | { readonly error: FieldError }

/** The ticket in a text that people paste: the command around it, quotes and line breaks go. */
export function cleanTicket(text: string): string {
  // A mail wraps long lines: what follows on the next one belongs to it. What follows a space is the folder.
  const found = /ferry[1:]\S*(?:[^\S\n]*\n\s*[a-z0-9]+)*/i.exec(text.replaceAll(/["'`]/g, ''))
  return (found?.[0] ?? text).replaceAll(/\s+/g, '')
}

const isAbsolutePath = (path: string): boolean => /^(\/|[a-z]:[\\/]|\\\\)/i.test(path)
const wholePath = 'Give the whole path, such as /home/me/Downloads'

export interface ReceiveFields {
  readonly ticket: string
  readonly into: string
  readonly overwrite: string
  /** As `limitChoices` has it. */
  readonly limit: string
}

export function fillReceive({ ticket, into, overwrite, limit }: ReceiveFields): Filled<ReceiveSpec> {
  const text = cleanTicket(ticket)
  if (text === '') return { error: { field: 'ticket', message: 'Paste the ticket that you were given' } }
  if (!/^ferry/i.test(text))
    return { error: { field: 'ticket', message: 'This is no ticket: it would begin with ferry1' } }
  if (!isAbsolutePath(into.trim())) return { error: { field: 'into', message: wholePath } }
  const options = { overwrite: overwrite as NonNullable<ReceiveSpecOptions['overwrite']> }
  const limits = { bytesPerSecond: limitOf(limit) }
  return { spec: { kind: 'receive', ticket: text, into: into.trim(), options, limits } }
}

export interface ShareFields {
  /** One a line. */
  readonly paths: string
  readonly name: string
  readonly once: boolean
  /** Hours; empty: never. */
  readonly expireHours: string
}

export function fillShare({ paths, name, once, expireHours }: ShareFields): Filled<ShareSpec> {
  const lines = paths
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (lines.length === 0 || !lines.every(isAbsolutePath))
    return { error: { field: 'paths', message: wholePath } }
  const hours = expireHours.trim() === '' ? undefined : Number(expireHours)
  if (hours !== undefined && !(hours > 0 && hours <= 24 * 365))
    return { error: { field: 'expireHours', message: 'Give a number of hours, at most a year' } }
  const options = {
    ...(name.trim() !== '' && { name: name.trim() }),
    ...(once && { once }),
    ...(hours !== undefined && { expireMs: Math.round(hours * 3_600_000) }),
  }
  return { spec: { kind: 'share', paths: lines, options } }
}

export interface SyncFields {
  readonly from: string
  readonly to: string
  readonly delete: boolean
  readonly dryRun: boolean
}

export function fillSync(fields: SyncFields): Filled<SyncSpec> {
  for (const field of ['from', 'to'] as const) {
    const place = fields[field].trim()
    if (place === '')
      return { error: { field, message: 'Give a folder, s3://bucket/path, or sftp://host/path' } }
    // A name without a colon is a path, and the daemon's own working folder is not the reader's.
    if (!/:|^ferry1|^~\//i.test(place) && !isAbsolutePath(place))
      return { error: { field, message: wholePath } }
  }
  const { dryRun } = fields
  return {
    spec: {
      kind: 'sync',
      from: fields.from.trim(),
      to: fields.to.trim(),
      options: { ...archiveOptions, delete: fields.delete, dryRun },
    },
  }
}

/** As `ferry sync -a` on all kinds of places: folders with all below them, links, modes and times. */
const archiveOptions = { recursive: true, links: true, times: true, perms: true } as const

/** A folder for downloads, guessed from where the daemon keeps its data; empty when that tells nothing. */
export function guessDownloads(directory: string): string {
  const home = /^(.+?)[\\/](?:\.local|\.config|Library|AppData)[\\/]/.exec(directory)?.[1]
  return home === undefined ? '' : `${home}${home.includes('\\') ? '\\' : '/'}Downloads`
}
