/** Journeys that touch nothing, for tests of everything above them: each can be replaced by the test. */
import type { Journeys } from '../../src/jobs/journeys.ts'
import type { SyncChange, SyncResult } from '../../src/jobs/sync/types.ts'
import type { ReceiveResult, ShareResult } from '../../src/jobs/types.ts'
import { delay } from '../../src/shared/concurrency.ts'

export const fakeTicket = 'ferry1qq8k3q7z2m4n5p6r7s8t9vwxyz'
export const fakeRoot: Uint8Array = new Uint8Array(32).fill(7)
const noFailures = { count: 0, first: [] }

export const fakeShareResult: ShareResult = {
  ticket: fakeTicket,
  name: 'Pictures',
  root: fakeRoot,
  files: 2,
  bytes: 3000,
  reusedBytes: 1000,
  failed: noFailures,
  downloads: 1,
  ended: 'once',
}

export const fakeReceiveResult: ReceiveResult = {
  name: 'Pictures',
  destination: 'into',
  written: ['into/Pictures'],
  root: fakeRoot,
  files: { total: 2, had: 1, failed: 0 },
  bytes: { total: 3000, fetched: 2000, reused: 1000 },
  failed: noFailures,
  peers: 1,
}

const fakeCounts = { new: 0, changed: 1, attributes: 0, same: 7, delete: 0, skipped: 0 }

export const fakeSyncChange: SyncChange = {
  path: 'a\nb',
  kind: 'write',
  isFolder: false,
  isNew: false,
  line: '>f.st...... a\nb',
  nameLine: 'a\nb',
  size: 3000,
  sentBytes: 1000,
  copiedBytes: 2000,
}

export const fakeSyncResult: SyncResult = {
  from: 'a',
  to: 'b',
  dryRun: false,
  plan: { counts: fakeCounts, bytes: 3000, deltaBytes: 0, meaning: 'what is in a goes to b' },
  done: fakeCounts,
  bytes: { written: 3000, sent: 1000, copied: 2000, saved: 2000 },
  source: { files: 8, bytes: 9000 },
  failed: noFailures,
  changedMeanwhile: 0,
  keptByMaxDelete: 0,
  abortedUploads: 0,
}

export function fakeJourneys(replaced: Partial<Journeys> = {}): Journeys {
  return {
    async share(_inputs, options, { progress, signal, onTicket, onSealed }) {
      onTicket({ ticket: fakeTicket, name: 'Pictures', root: undefined, addresses: ['/ip4/127.0.0.1/tcp/1'] })
      progress.totals({ files: 2, bytes: 3000, final: true })
      progress.addDone({ files: 2, bytes: 3000, reusedBytes: 1000, hadFiles: 1 })
      onSealed({ root: fakeRoot, files: 2, bytes: 3000, reusedBytes: 1000 })
      progress.phase('serve')
      if (!options.once) await delay(1_000_000, signal)
      progress.peer({ peer: '12D3KooWabcdefghk9Qe', address: '10.0.0.7', state: 'finished', bytes: 3000 })
      return fakeShareResult
    },
    async receive(_ticket, into, options, { progress }) {
      const plan = {
        name: 'Pictures',
        files: 2,
        bytes: 3000,
        final: true,
        freeBytes: 9000,
        destination: into,
      }
      await options.confirm?.(plan)
      progress.name('Pictures')
      progress.totals({ files: 2, bytes: 3000, final: true })
      progress.addDone({ files: 1, bytes: 1000, reusedBytes: 1000, hadFiles: 1 })
      progress.beginItem('Pictures/a', 'fetch', 2000).done()
      return fakeReceiveResult
    },
    async sync(_from, _to, options, { progress }) {
      progress.name('a → b')
      options.onMeaning?.('what is in a goes to b')
      options.onPlan?.(fakeSyncResult.plan)
      options.onChange?.(fakeSyncChange)
      progress.totals({ files: 1, bytes: 3000, final: true })
      progress.addDone({ files: 1, bytes: 3000, reusedBytes: 2000 })
      return fakeSyncResult
    },
    async list(_ticket, _options, { onEntries }) {
      const common = { mode: 0o644, mtimeNs: 1_700_000_000_123_456_789n }
      await onEntries([
        { ...common, path: 'Pictures', kind: 'directory', size: 0, mode: 0o755 },
        { ...common, path: 'Pictures/a\n', kind: 'file', size: 3000, blob: fakeRoot },
        { ...common, path: 'Pictures/l', kind: 'symlink', size: 0, target: 'a' },
      ])
      return { name: 'Pictures', files: 1, bytes: 3000, root: fakeRoot }
    },
    async diff(_first, _second, _options, { onDifferences }) {
      await onDifferences([
        { path: 'a\n', kind: 'added', isFolder: false, size: 3000, message: '' },
        { path: 'b', kind: 'changed', isFolder: false, size: 3000, message: 'other content' },
        { path: 'c', kind: 'attributes', isFolder: false, size: 10, message: 'another time' },
      ])
      return { names: ['x', 'y'], same: 7, added: 1, removed: 0, changed: 1, attributes: 1 }
    },
    verify: async () => ({
      name: 'Pictures',
      files: 2,
      bytes: 3000,
      different: 0,
      extra: 0,
      differences: [],
    }),
    remoteTest: async (location) => ({
      url: `s3://bucket/${location}`,
      kind: 'folder',
      entries: 12,
      isMore: false,
      delta: true,
      modes: true,
      links: false,
      abandoned: 1,
    }),
    storeInfo: async ({ directory }) => ({
      directory,
      databaseBytes: 4096,
      files: 2,
      fileBytes: 3000,
      shares: 1,
      objects: 3,
      objectBytes: 100,
    }),
    storeGc: async () => ({ removedFiles: 1, removedObjects: 2, removedShares: 3, freedBytes: 4096 }),
    storeVerify: async () => ({ files: 2, bytes: 3000, changed: 1, missing: 0, damagedObjects: 0 }),
    ...replaced,
  }
}
