/** The six steps of every kind of job, and the sentence that describes what is being done. Pure. */
import { formatBytes, formatPlural } from '../shared/units.ts'
import type { JobKind, Phase, Snapshot } from './events.ts'

export interface Step {
  readonly step: string
  /** 1 … 6. */
  readonly stepNumber: number
}

const names: Record<JobKind, readonly [string, string, string, string, string]> = {
  share: ['waiting', 'scanning', 'hashing', 'storing', 'serving'],
  receive: ['waiting', 'resolving', 'connecting', 'fetching', 'verifying'],
  list: ['waiting', 'resolving', 'connecting', 'listing', 'verifying'],
  sync: ['waiting', 'scanning', 'comparing', 'uploading', 'verifying'],
  verify: ['waiting', 'resolving', 'connecting', 'listing', 'verifying'],
  gc: ['waiting', 'scanning', 'comparing', 'removing', 'verifying'],
}

const peerNumbers: Partial<Record<Phase, number>> = { resolve: 2, connect: 3, manifest: 3, verify: 5 }
const numbers: Record<JobKind, Partial<Record<Phase, number>>> = {
  share: { scan: 2, hash: 3, write: 4, manifest: 4, serve: 5 },
  receive: { ...peerNumbers, fetch: 4, write: 4, copy: 4, hash: 5, serve: 5 },
  list: { ...peerNumbers, manifest: 4, fetch: 4 },
  sync: {
    resolve: 2,
    connect: 2,
    scan: 2,
    manifest: 2,
    compare: 3,
    hash: 3,
    fetch: 4,
    upload: 4,
    copy: 4,
    write: 4,
    delete: 5,
    verify: 5,
  },
  verify: { ...peerNumbers, manifest: 4, fetch: 4, hash: 5, scan: 5 },
  gc: { scan: 2, hash: 3, write: 4, verify: 5 },
}

/** The six steps of a kind of job, when all goes well. */
export function stepNames(kind: JobKind): readonly string[] {
  return [...names[kind], 'completed']
}

/** Where a job stands. A phase that a kind of job does not know counts as waiting. */
export function stepOf(kind: JobKind, phase: Phase, state: Snapshot['state']): Step {
  if (state === 'done') return { step: 'completed', stepNumber: 6 }
  if (state === 'failed' || state === 'cancelled') return { step: state, stepNumber: 6 }
  const stepNumber = numbers[kind][phase] ?? 1
  return { step: names[kind][stepNumber - 1] as string, stepNumber }
}

export interface MessageFacts {
  readonly kind: JobKind
  readonly name: string
  readonly phase: Phase
  readonly state: Snapshot['state']
  readonly files: number
  readonly bytes: number
  readonly error: string | undefined
  readonly isDryRun?: boolean
}

const doing: Record<Phase, string> = {
  queued: 'Waiting',
  resolve: 'Looking for peers',
  connect: 'Connecting',
  manifest: 'Reading the list of files',
  scan: 'Scanning',
  compare: 'Comparing',
  hash: 'Hashing',
  fetch: 'Fetching',
  verify: 'Verifying',
  write: 'Writing',
  upload: 'Sending',
  copy: 'Copying',
  delete: 'Deleting',
  serve: 'Serving',
  paused: 'Paused',
  // An item ends in one of these, a job does not.
  done: 'Done with',
  'had-it': 'Done with',
  skipped: 'Done with',
  failed: 'Done with',
}
/** Phases whose sentence is complete without an amount. */
const withoutAmount: readonly Phase[] = ['queued', 'resolve', 'connect', 'manifest', 'paused']

const verbs: Record<JobKind, readonly [string, string]> = {
  share: ['share', 'Shared'],
  receive: ['receive', 'Received'],
  list: ['list', 'Listed'],
  sync: ['sync', 'Synced'],
  verify: ['verify', 'Verified'],
  gc: ['clean up', 'Cleaned up'],
}

/** One sentence without a full stop, such as `Fetching 1,530 files (8.40 GB)`. */
export function describe(facts: MessageFacts): string {
  const { kind, phase, state, files, bytes } = facts
  const [verb, past] = verbs[kind]
  const amount = `${formatPlural(files, 'file')} (${formatBytes(bytes)})`
  const what = facts.name === '' ? '' : ` ${facts.name}`
  if (state === 'done') return facts.isDryRun ? `Would ${verb} ${amount}` : `${past} ${amount}`
  if (state === 'failed') return `Failed to ${verb}${what}${facts.error ? `: ${facts.error}` : ''}`
  if (state === 'cancelled' && phase === 'serve') return 'Stopped'
  if (state === 'cancelled') return `Stopped before everything was ${past.toLowerCase()}`
  if (state === 'paused' || withoutAmount.includes(phase) || files === 0) {
    return doing[state === 'paused' ? 'paused' : phase]
  }
  return `${doing[phase]} ${amount}`
}
