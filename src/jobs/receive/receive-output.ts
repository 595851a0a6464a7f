/** The journey of `--stdout`: the one file that a ticket offers goes into a stream, and nothing to disk. */
import type { Writable } from 'node:stream'
import type { FileEntry } from '../../blobs/manifest/entry.ts'
import type { Ticket } from '../../node/ticket.ts'
import type { PeerSession } from '../../node/session.ts'
import { createGlobFilter } from '../../shared/glob.ts'
import type { JobContext, ReceiveOptions, ReceiveResult } from '../types.ts'
import { connectShare, firstSession } from './connect-share.ts'
import { createTally } from './tally.ts'
import { FerryError } from '../../shared/errors.ts'
import { chunkListOf } from './chunk-list.ts'
import { entriesOf, type NumberedEntry } from './entries-of.ts'
import { given } from './ordered-content.ts'
import type { ReceiveRun } from './run.ts'
import { writeOutput } from './write-output.ts'

/** As `runReceive`, into `options.output`. @throws as there, and E_USAGE when the ticket does not offer just one file. */
export async function runReceiveOutput(
  ticket: Ticket,
  output: Writable,
  options: ReceiveOptions,
  context: JobContext,
): Promise<ReceiveResult> {
  const { progress, signal, throttle, tools } = context
  const wanted = createGlobFilter(options.only ?? [])
  const store = await tools.store()
  const tally = createTally(progress)
  await using peers = await connectShare(ticket, context, { ...options, rules: {} })
  const session = await firstSession(peers.fetcher, context)
  const run = { fetcher: peers.fetcher, progress, signal, store, tally, throttle, numberOn: sameNumber }
  const root = await receiveOutput(run, session, wanted, output)
  if (options.only === undefined) await session.finished().catch(() => undefined)
  return {
    name: session.share.name,
    destination: undefined,
    written: [],
    root,
    files: { ...tally.files },
    bytes: { ...tally.bytes },
    failed: tally.failures(),
    peers: peers.givers.size,
  }
}

const sameNumber = (_session: PeerSession, number: number): number => number

type OutputRun = Pick<
  ReceiveRun,
  'fetcher' | 'numberOn' | 'progress' | 'signal' | 'store' | 'tally' | 'throttle'
>

/** Resolves to the root. @throws E_USAGE when the ticket offers no file, or more than one. */
export async function receiveOutput(
  run: OutputRun,
  session: PeerSession,
  wanted: (path: string) => boolean,
  output: Writable,
): Promise<Uint8Array> {
  const groups = entriesOf(run, session)
  let found: (NumberedEntry & { readonly entry: FileEntry }) | undefined
  for (;;) {
    const next = await groups.next()
    if (next.done) {
      if (!found)
        throw new FerryError('E_USAGE', 'Cannot write to the output: the ticket offers no such file')
      await deliver(run, found, output)
      return next.value
    }
    for (const item of next.value) {
      const { entry } = item
      if (entry.kind !== 'file' || !wanted(entry.path)) continue
      if (found)
        throw new FerryError('E_USAGE', 'Cannot write to the output: the ticket offers more than one file', {
          hint: "choose one with --only 'path/of/the/file'",
        })
      found = { ...item, entry }
    }
  }
}

async function deliver(
  run: OutputRun,
  { number, entry, records }: NumberedEntry & { readonly entry: FileEntry },
  output: Writable,
): Promise<void> {
  run.tally.files.total = 1
  run.tally.bytes.total = entry.size
  run.progress.totals({ files: 1, bytes: entry.size, final: true })
  run.progress.phase('fetch')
  const list = records ? given(records) : chunkListOf(run, { number, entry }, [])
  await writeOutput(run, { number, entry, records: list }, output)
}
