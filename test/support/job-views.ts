/** Jobs as faces see them, made up. */
import type { JobView } from '../../src/jobs/engine-types.ts'
import type { Snapshot } from '../../src/progress/events.ts'

export const fakeSnapshot: Snapshot = {
  id: 't_1',
  kind: 'receive',
  name: 'Pictures',
  state: 'running',
  phase: 'fetch',
  message: 'Fetching 2 files (3.0 kB)',
  step: 'fetching',
  stepNumber: 4,
  totalSteps: 6,
  files: { done: 1, total: 2, failed: 0, had: 0, final: true },
  bytes: { done: 1500, total: 3000, reused: 600, transferred: 900 },
  percent: 50,
  rate: 100,
  etaSeconds: 15,
  idleMs: 0,
  active: [],
  failures: [],
  warnings: [],
  peers: [],
  startedAtMs: 1000,
  atMs: 2000,
  elapsedMs: 1000,
}

/** `snapshot` has only what differs. */
export function fakeJob(
  given: Partial<Omit<JobView, 'snapshot'>> & { readonly snapshot?: Partial<Snapshot> } = {},
): JobView {
  const id = given.id ?? 't_1'
  return {
    id,
    kind: 'receive',
    title: 'Pictures',
    state: 'running',
    ticket: null,
    from: ['ferry1…'],
    to: '/into',
    limits: { bytesPerSecond: null },
    createdAtMs: 1000,
    startedAtMs: 1000,
    endedAtMs: null,
    attempts: 1,
    canPause: true,
    canResume: false,
    canCancel: true,
    canRetry: false,
    canCancelFiles: false,
    canDeletePartial: false,
    canRetryFiles: false,
    leftOut: [],
    ...given,
    snapshot: { ...fakeSnapshot, id, ...given.snapshot },
  }
}
