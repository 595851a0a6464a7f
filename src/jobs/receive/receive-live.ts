/**
 * Receives a share while its sender still hashes it: files are fetched as they are told, and the chunks of a large one
 * as they are cut. What is told is checked as it comes, and at the end the tree that was told must be the one that the
 * owner signed.
 */
import type { LiveEvent } from '../../blobs/live-event.ts'
import { createLiveManifest } from '../../blobs/live-manifest.ts'
import type { ChunkRecords } from '../../blobs/chunk-records.ts'
import type { ManifestEntry } from '../../blobs/manifest/entry.ts'
import type { PeerSession } from '../../node/session.ts'
import { equalBytes } from '../../shared/bytes.ts'
import { FerryError } from '../../shared/errors.ts'
import { createChannel, type Channel } from './channel.ts'
import { chunkListOf } from './chunk-list.ts'
import type { PassOptions } from './receive-sealed.ts'
import { receiveTree, type TreeItem } from './receive-tree.ts'
import type { ReceiveRun } from './run.ts'

/** Groups of entries told and not yet taken up; beyond it the sender waits. */
const groupsAhead = 16

export interface LiveEnd {
  readonly root: Uint8Array
  readonly signature: Uint8Array
  /** Live numbers without an entry in the sealed manifest, ascending. */
  readonly dropped: readonly number[]
}

export interface LiveOptions
  extends Pick<PassOptions, 'wanted' | 'jobs' | 'confirm' | 'onComplete' | 'onLeftOut'> {
  /** All is told; content may still be on its way. */
  readonly onEnd: (end: LiveEnd) => void
}

/** @throws what stops the receive as a whole; E_VERIFY when what was told is not what was signed. */
export async function receiveLive(
  run: ReceiveRun,
  session: PeerSession,
  options: LiveOptions,
): Promise<LiveEnd> {
  run.progress.phase('fetch')
  const items = createChannel<readonly TreeItem[]>(groupsAhead)
  const told = tell(run, session, items, options)
  // What goes wrong there ends the items with the same error.
  told.catch(() => undefined)
  await options.confirm({ ...totalsOf(run), final: false })
  run.destination.create()
  await receiveTree(run, items, {
    jobs: options.jobs,
    wanted: options.wanted,
    listOf: (file, known) => chunkListOf(run, file, known),
    onComplete: options.onComplete,
    onLeftOut: options.onLeftOut,
  })
  return told
}

function totalsOf(run: ReceiveRun): { files: number; bytes: number } {
  return { files: run.tally.files.total, bytes: run.tally.bytes.total }
}

/** Turns events into items until the end. The open file's chunks flow beside the items, so that no one waits for both. */
async function tell(
  run: ReceiveRun,
  session: PeerSession,
  items: Channel<readonly TreeItem[]>,
  options: LiveOptions,
): Promise<LiveEnd> {
  const manifest = createLiveManifest(({ hash, kind, bytes }) =>
    run.store.objects.putMany([{ hash, kind, bytes }]),
  )
  let open: Channel<ChunkRecords> | undefined
  const count = (entry: ManifestEntry): void => {
    if (entry.kind !== 'file' || !options.wanted(entry.path)) return
    run.tally.files.total++
    run.tally.bytes.total += entry.size
  }
  try {
    for await (const event of session.follow({ signal: run.signal })) {
      manifest.take(event)
      switch (event.type) {
        case 'entries':
          for (const entry of event.entries) count(entry)
          await items.push(event.entries.map((entry, index) => ({ number: event.first + index, entry })))
          break
        case 'open':
          count(event.entry)
          open = createChannel<ChunkRecords>(Number.POSITIVE_INFINITY)
          await items.push([{ number: event.number, entry: event.entry, records: open }])
          break
        case 'chunks':
          await open?.push(event.records)
          break
        case 'close':
          open?.end()
          open = undefined
          break
        case 'drop':
          open?.end(droppedError(event))
          open = undefined
          break
        case 'end': {
          const built = manifest.finish()
          if (!equalBytes(built.root, event.root))
            throw new FerryError(
              'E_VERIFY',
              'Cannot accept the share: what was told is not what its owner signed',
            )
          run.progress.totals({ ...totalsOf(run), final: true })
          const end = { root: event.root, signature: event.signature, dropped: event.dropped }
          options.onEnd(end)
          items.end()
          return end
        }
      }
      run.progress.totals({ ...totalsOf(run), final: false })
    }
    throw new FerryError('E_UNREACHABLE', 'Cannot go on: the sender stopped before everything was told', {
      hint: 'run the same command again when the sender is back',
      retryable: true,
    })
  } catch (error) {
    open?.end(error)
    items.end(error)
    throw error
  }
}

function droppedError(event: LiveEvent & { readonly type: 'drop' }): FerryError {
  return new FerryError(
    'E_CHANGED',
    `Cannot fetch "${event.path}": the sender cannot share it (${event.reason})`,
    {
      hint: 'when the sender has shared it again, run the same command again',
    },
  )
}

/** The number in the sealed manifest of the entry with a live number; undefined for one that was dropped. */
export function sealedNumber(live: number, dropped: readonly number[]): number | undefined {
  let low = 0
  let high = dropped.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((dropped[middle] as number) < live) low = middle + 1
    else high = middle
  }
  return dropped[low] === live ? undefined : live - low
}
