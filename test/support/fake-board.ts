/** A board with fixed data for frames: two transfers under way, one with failures, a share with peers, a sync, a log. */
import type { JobView, PeerView, ShareView } from '../../src/jobs/engine-types.ts'
import type { PeerPicture, Snapshot } from '../../src/progress/events.ts'
import type { Board } from '../../src/tui/model/board.ts'
import { fakeTicket } from './fake-journeys.ts'

/** 2026-11-21, 14:02:31 UTC. */
export const fakeNowMs: number = Date.UTC(2026, 10, 21, 14, 2, 31)

export function fakePeer(changes: Partial<PeerPicture> = {}): PeerPicture {
  return {
    peer: '12D3KooWabcdefghijkk9Qe',
    address: '/ip4/84.2.10.7/tcp/4001',
    state: 'connected',
    bytes: 3_000_000_000,
    rate: 4_100_000,
    roundTripMs: 18,
    ...changes,
  }
}

export function fakeSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    id: 't_1',
    kind: 'receive',
    name: 'Pictures',
    state: 'running',
    phase: 'fetch',
    message: 'Fetching 1,530 files (8.40 GB)',
    step: 'fetching',
    stepNumber: 4,
    totalSteps: 6,
    files: { done: 412, total: 1530, failed: 0, had: 140, final: true },
    bytes: { done: 2_310_000_000, total: 8_400_000_000, reused: 1_100_000_000, transferred: 1_210_000_000 },
    percent: 27,
    rate: 42_100_000,
    etaSeconds: 144,
    idleMs: 20,
    active: [],
    failures: [],
    warnings: [],
    peers: [],
    startedAtMs: fakeNowMs - 60_000,
    atMs: fakeNowMs,
    elapsedMs: 60_000,
    ...changes,
  }
}

export function fakeJob(changes: Partial<JobView> = {}): JobView {
  const snapshot = changes.snapshot ?? fakeSnapshot()
  return {
    id: snapshot.id,
    kind: 'receive',
    title: snapshot.name,
    state: snapshot.state,
    snapshot,
    ticket: null,
    from: ['ferry1qq8k…wxyz'],
    to: '/home/me/Downloads',
    limits: { bytesPerSecond: null },
    createdAtMs: fakeNowMs - 60_000,
    startedAtMs: fakeNowMs - 60_000,
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
    ...changes,
  }
}

const active: Snapshot['active'] = [
  { path: 'photos/2026/IMG_0412.CR3', phase: 'fetch', done: 37_100_000, total: 48_200_000, rate: 9_100_000 },
  { path: 'photos/2026/IMG_0413.CR3', phase: 'fetch', done: 25_000_000, total: 47_900_000, rate: 8_800_000 },
  {
    path: 'video/wedding-ceremony-final-cut-v2.mov',
    phase: 'fetch',
    done: 451_000_000,
    total: 4_100_000_000,
    rate: 14_600_000,
  },
  {
    path: 'photos/2026/IMG_0414.CR3',
    phase: 'verify',
    done: 47_200_000,
    total: 48_000_000,
    rate: 612_000_000,
  },
  { path: 'docs/contract.pdf', phase: 'write', done: 840_000, total: 2_100_000, rate: 31_000_000 },
  // A name that would turn the rest of the line around, and hide.
  { path: 'docs/ev\u202eil\u001b[2J写真.txt', phase: 'queued', done: 0, total: 47_100_000, rate: 0 },
]

const receive = fakeJob({
  snapshot: fakeSnapshot({
    active,
    files: { done: 412, total: 1530, failed: 1, had: 140, final: true },
    failures: [
      {
        path: 'photos/2026/IMG_0398.CR3',
        error: {
          code: 'E_VERIFY',
          message: 'chunk 7 had the wrong hash',
          hint: 'press r to fetch it again when the others are done',
        },
      },
    ],
    peers: [
      fakePeer(),
      fakePeer({
        peer: '12D3KooWabcdefghijkZt41',
        address: '/ip4/192.168.1.20/tcp/4001',
        roundTripMs: 41,
        rate: 38_000_000,
      }),
      fakePeer({
        peer: '12D3KooWabcdefghijkpP0x',
        address: '/ip6/2001:db8::7/tcp/4001',
        state: 'connecting',
        roundTripMs: undefined,
        bytes: 0,
        rate: 0,
        message: 'try 2 of 5',
      }),
    ],
  }),
})

const share = fakeJob({
  kind: 'share',
  title: 'photos-2026',
  ticket: fakeTicket,
  from: ['/home/me/photos-2026'],
  to: null,
  createdAtMs: fakeNowMs - 600_000,
  snapshot: fakeSnapshot({
    id: 't_2',
    kind: 'share',
    name: 'photos-2026',
    phase: 'serve',
    step: 'serving',
    stepNumber: 5,
    percent: 99,
    rate: 1_200_000,
    etaSeconds: undefined,
    files: { done: 1530, total: 1530, failed: 0, had: 0, final: true },
    bytes: { done: 8_400_000_000, total: 8_400_000_000, reused: 0, transferred: 21_700_000_000 },
    peers: receive.snapshot.peers.slice(0, 2),
  }),
})

const sync = fakeJob({
  kind: 'sync',
  title: '/home/me/site → s3://my-bucket/site',
  from: ['/home/me/site'],
  to: 's3://my-bucket/site',
  createdAtMs: fakeNowMs - 900_000,
  snapshot: fakeSnapshot({
    id: 't_3',
    kind: 'sync',
    name: '',
    phase: 'upload',
    step: 'uploading',
    percent: 62,
    rate: 3_200_000,
    etaSeconds: 40,
    files: { done: 23, total: 37, failed: 0, had: 0, final: true },
    bytes: { done: 1_800_000_000, total: 2_900_000_000, reused: 0, transferred: 41_000_000 },
    active: [
      {
        path: 'assets/bundle.img',
        phase: 'upload',
        done: 700_000_000,
        total: 1_400_000_000,
        rate: 3_200_000,
      },
    ],
    sync: {
      plan: { new: 2, changed: 35, attributes: 0, same: 4018, delete: 0, skipped: 0 },
      planned: true,
      sentBytes: 41_000_000,
      copiedBytes: 1_400_000_000,
      savedBytes: 2_859_000_000,
    },
  }),
})

const failedSync = fakeJob({
  kind: 'sync',
  title: '/home/me/db.img → box:db.img',
  from: ['/home/me/db.img'],
  to: 'box:db.img',
  state: 'failed',
  createdAtMs: fakeNowMs - 1_200_000,
  endedAtMs: fakeNowMs - 300_000,
  canPause: false,
  canCancel: false,
  canRetry: true,
  snapshot: fakeSnapshot({
    id: 't_4',
    kind: 'sync',
    name: '',
    state: 'failed',
    phase: 'failed',
    step: 'failed',
    stepNumber: 6,
    percent: 0,
    rate: 0,
    etaSeconds: undefined,
    files: { done: 0, total: 1, failed: 1, had: 0, final: true },
    bytes: { done: 0, total: 8_000_000_000, reused: 0, transferred: 0 },
    error: {
      code: 'E_PERMISSION',
      message: 'Cannot write "db.img" on box: permission denied',
      hint: 'check that user "me" may write /srv/db, then press r',
    },
  }),
})

const shareView = (changes: Partial<ShareView>): ShareView => ({
  id: 't_2',
  name: 'photos-2026',
  state: 'running',
  phase: 'serve',
  paths: ['/home/me/photos-2026'],
  files: 1530,
  bytes: 8_400_000_000,
  percent: 100,
  sentBytes: 21_700_000_000,
  rate: 42_100_000,
  ticket: fakeTicket,
  root: null,
  createdAtMs: fakeNowMs - 600_000,
  expiresAtMs: null,
  once: false,
  peers: share.snapshot.peers,
  ...changes,
})

const peerView = (peer: PeerPicture, changes: Partial<PeerView>): PeerView => ({
  peer: peer.peer,
  address: peer.address,
  state: peer.state,
  roundTripMs: peer.roundTripMs ?? null,
  downBytes: peer.bytes,
  upBytes: 0,
  downRate: peer.rate,
  upRate: 0,
  jobs: ['t_1'],
  ...changes,
})

/** A board where nothing has happened. */
export const emptyBoard: Board = {
  jobs: [],
  ended: new Map(),
  shares: [],
  peers: [],
  log: [],
  rates: { down: [], up: [], peakDown: 0 },
  status: {
    version: '0.1.0',
    pid: 4711,
    startedAtMs: fakeNowMs - 3_600_000,
    directory: '/home/me/.local/share/ferry',
    peer: '12D3KooWabcdefghijkk9Qe',
    jobs: { running: 0, paused: 0, done: 0, failed: 0, cancelled: 0, interrupted: 0 },
    downRate: 0,
    upRate: 0,
    peers: 0,
  },
  remotes: [],
  places: {
    config: '/home/me/.config/ferry/config.toml',
    data: '/home/me/.local/share/ferry',
    log: '/home/me/.local/state/ferry/daemon.log',
  },
  link: 'connected',
  isPrivate: false,
  nowMs: fakeNowMs,
}

const curve = (peak: number, values: number): number[] =>
  Array.from({ length: values }, (_, second) => Math.round(peak * (0.55 + 0.45 * Math.sin(second / 5))))

export const busyBoard: Board = {
  ...emptyBoard,
  jobs: [receive, share, sync, failedSync],
  ended: new Map([
    [
      't_1',
      [
        { path: 'photos/2026/IMG_0411.CR3', bytes: 48_100_000 },
        { path: 'photos/2026/IMG_0410.CR3', bytes: 39_000_000 },
      ],
    ],
  ]),
  shares: [
    shareView({}),
    shareView({
      id: 't_8',
      name: 'contract.pdf',
      files: 1,
      bytes: 2_100_000,
      sentBytes: 2_100_000,
      peers: [],
    }),
    shareView({
      id: 't_9',
      name: 'backups',
      phase: 'hash',
      files: 88_102,
      bytes: 412_000_000_000,
      percent: 41,
      sentBytes: 0,
      peers: [],
      ticket: null,
    }),
  ],
  peers: receive.snapshot.peers.map((peer, index) =>
    peerView(peer, index === 1 ? { upBytes: 21_000_000, upRate: 1_200_000, jobs: ['t_1', 't_2'] } : {}),
  ),
  log: [
    { id: 1, atMs: fakeNowMs - 60_000, level: 'info', text: 'receive Pictures: runs' },
    { id: 2, atMs: fakeNowMs - 40_000, level: 'warning', text: 'receive Pictures: one peer is slow' },
    {
      id: 3,
      atMs: fakeNowMs - 20_000,
      level: 'error',
      text: 'receive Pictures: photos/2026/IMG_0398.CR3 failed: chunk 7 had the wrong hash',
    },
    {
      id: 4,
      atMs: fakeNowMs - 1000,
      level: 'good',
      text: 'share photos-2026: everything is hashed and served',
    },
  ],
  rates: { down: curve(45_300_000, 40), up: curve(1_200_000, 40), peakDown: 61_000_000 },
  status: {
    ...(emptyBoard.status as NonNullable<Board['status']>),
    peers: 2,
    jobs: { running: 3, paused: 0, done: 0, failed: 1, cancelled: 0, interrupted: 0 },
  },
  remotes: [
    { name: 'box', kind: 'sftp', place: 'sftp://me@box.example.org/srv' },
    { name: 'bucket', kind: 's3', place: 's3://my-bucket/site (eu-central-1)' },
  ],
}
