/** The words and colours of states, phases and steps. Meaning is always in the word; the colour only repeats it. Pure. */
import type { JobState, JobView } from '../../jobs/engine-types.ts'
import type { Phase } from '../../progress/events.ts'

/** Names a colour of the style sheet. */
export type Tone = 'active' | 'good' | 'bad' | 'held' | 'quiet'

const phaseWords: Readonly<Record<Phase, string>> = {
  scan: 'scanning',
  compare: 'comparing',
  hash: 'hashing',
  queued: 'waiting',
  resolve: 'looking for peers',
  connect: 'connecting',
  manifest: 'reading the list',
  fetch: 'fetching',
  verify: 'verifying',
  write: 'writing',
  upload: 'sending',
  copy: 'copying there',
  delete: 'deleting',
  serve: 'serving',
  done: 'done',
  'had-it': 'had it',
  paused: 'paused',
  failed: 'failed',
  skipped: 'skipped',
}

export function phaseWord(phase: Phase): string {
  return phaseWords[phase]
}

export interface StateWord {
  readonly word: string
  readonly tone: Tone
}

const stateWords: Readonly<Record<Exclude<JobState, 'running'>, StateWord>> = {
  paused: { word: 'paused', tone: 'held' },
  interrupted: { word: 'interrupted', tone: 'held' },
  done: { word: 'done', tone: 'good' },
  failed: { word: 'failed', tone: 'bad' },
  cancelled: { word: 'stopped', tone: 'quiet' },
}

/** Short: of a sync only the last parts of its places, which are told in full among its details. */
export function titleOf({ kind, title }: Pick<JobView, 'kind' | 'title'>): string {
  const places = kind === 'sync' ? title.split(' → ') : []
  return places.length === 2 ? places.map(shortPlace).join(' → ') : title
}

function shortPlace(place: string): string {
  const isPath = /^([/~]|[a-z]:\\)/i.test(place)
  return (isPath && place.split(/[\\/]/).findLast((part) => part !== '')) || place
}

export function isDryRun({ snapshot }: Pick<JobView, 'snapshot'>): boolean {
  return snapshot.sync?.dryRun === true
}

/** What a job does, in one or two words. */
export function stateWord({ state, snapshot }: Pick<JobView, 'state' | 'snapshot'>): StateWord {
  if (state !== 'running') return stateWords[state]
  return { word: phaseWord(snapshot.phase), tone: snapshot.phase === 'serve' ? 'good' : 'active' }
}

export interface StepWords {
  readonly label: string
  readonly description: string
}

const stepWords: Readonly<Record<string, StepWords>> = {
  waiting: { label: 'Waiting', description: 'It begins in a moment' },
  scanning: { label: 'Scanning', description: 'Looking at what is there' },
  hashing: { label: 'Hashing', description: 'Reading the files and naming their pieces' },
  storing: { label: 'Storing', description: 'Writing down what is offered' },
  serving: { label: 'Serving', description: 'Ready for whoever has the ticket' },
  resolving: { label: 'Looking', description: 'Looking for peers that have it' },
  connecting: { label: 'Connecting', description: 'Connecting and reading the list of files' },
  fetching: { label: 'Fetching', description: 'Fetching what is not here yet' },
  verifying: { label: 'Verifying', description: 'Checking and putting the last things right' },
  comparing: { label: 'Comparing', description: 'Finding out what has changed' },
  uploading: { label: 'Sending', description: 'Sending only the changes' },
  completed: { label: 'Completed', description: 'Everything is there, and verified' },
  failed: { label: 'Failed', description: 'It could not be finished' },
  cancelled: { label: 'Stopped', description: 'What has arrived is kept' },
}

/** Of a step's name, as an event tells it. */
export function describeStep(step: string): StepWords {
  return stepWords[step] ?? { label: step, description: '' }
}

const stepsOfKind: Readonly<Record<JobView['kind'], readonly string[]>> = {
  share: ['waiting', 'scanning', 'hashing', 'storing', 'serving'],
  receive: ['waiting', 'resolving', 'connecting', 'fetching', 'verifying'],
  sync: ['waiting', 'scanning', 'comparing', 'uploading', 'verifying'],
}

export interface StepDot {
  readonly label: string
  readonly state: 'past' | 'current' | 'ahead'
}

/**
 * The six steps of a job of this kind that stands at `stepNumber`; the last one is named for how it ended. What did not
 * end well has not gone through all steps before: only up to `reached`, 0 when that is not known.
 */
export function stepDots(kind: string, step: string, stepNumber: number, reached = 0): readonly StepDot[] {
  const names = stepsOfKind[kind as JobView['kind']] ?? stepsOfKind.receive
  const last = stepNumber === 6 ? step : 'completed'
  const past = last === 'completed' ? stepNumber - 1 : reached
  return [...names, last].map((name, index) => ({
    label: describeStep(name).label,
    state: index < past ? 'past' : index + 1 === stepNumber ? 'current' : 'ahead',
  }))
}

/** `receive` as the user knows it, at the beginning of a sentence. */
export const kindWords: Readonly<Record<JobView['kind'], string>> = {
  share: 'Share',
  receive: 'Receive',
  sync: 'Sync',
}
