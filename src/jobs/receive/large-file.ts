/**
 * Receives one file into a part of its own. Its chunk list comes in pieces, so that fetching starts while the sender
 * still hashes or the list itself is on its way: each piece is planned, copied and fetched as it comes.
 */
import {
  bytesOfChunks,
  chunkHashAt,
  chunkHashOffset,
  chunkLengthAt,
  type ChunkRecords,
} from '../../blobs/chunk-records.ts'
import { createArrival, type ChunkHome } from '../../blobs/chunk-homes.ts'
import { createChunkListCheck } from '../../blobs/manifest/entry-rules.ts'
import type { FileEntry } from '../../blobs/manifest/entry.ts'
import { placedChunkBytes, placedCount, writePlacedChunk } from '../../blobs/part-journal.ts'
import { planReuse, type ReusePlan, type ReuseSource } from '../../blobs/plan-reuse.ts'
import type { FileFingerprint } from '../../blobs/store/store.ts'
import { openPart, type OpenPart } from '../../blobs/tree-writer/part-file.ts'
import type { CopySource } from '../../blobs/worker/copy-chunks-task.ts'
import { abortable, throwIfCancelled } from '../../shared/concurrency.ts'
import { copyGroup, groupCopies } from './copy-local.ts'
import { copyShifted, type EditedFile } from './copy-shifted.ts'
import { batchesOf, fetchChunks, pickChunks, targetOf } from './fetch-chunks.ts'
import { applyPatch, planPatches, type OldFile } from './patch-stretches.ts'
import { cutOldVersion } from './local-sources.ts'
import { createPending, type Pending } from './pending.ts'
import { batchBytesOf, type ReceiveRun } from './run.ts'

/** A local file that may hold chunks of the wanted one. */
export interface LocalSource {
  readonly find: ReuseSource['find']
  /** Where an answer of `find` lies. */
  locate(place: number): { readonly source: CopySource; readonly offset: number }
}

export interface WantedFile {
  readonly number: number
  readonly entry: Omit<FileEntry, 'content'>
  /** Final path on disk; its folder exists. */
  readonly disk: string
  readonly replaces: FileFingerprint | undefined
  /** Its chunk list, in order, in pieces. */
  readonly records: AsyncIterable<ChunkRecords>
  readonly sources: readonly LocalSource[]
  /** The file that it replaces, when that may be alike: changed places are then looked at more closely. */
  readonly old: OldFile | undefined
  /** The same file, when it has not been cut. */
  readonly edited: EditedFile | undefined
  /** Told how many bytes of the file are in place. */
  onBytes(bytes: number): void
}

export interface ReceivedFile {
  readonly fingerprint: FileFingerprint
  readonly records: ChunkRecords
  readonly reusedBytes: number
}

/** A part is synced and marked after this much, so that a crash of the system costs no more of it. */
const syncEveryBytes = 1024 * 1024 * 1024

/** @throws what concerns this file alone (see `concernsOneFile`), or the receive as a whole. Its part stays for resuming. */
export async function receiveLargeFile(run: ReceiveRun, file: WantedFile): Promise<ReceivedFile> {
  const { entry } = file
  const part = openPart(file.disk, entry.size)
  run.parts.begin(file.disk)
  const arrival = createArrival()
  const home: ChunkHome = { pathsOf: () => [part.names.part, file.disk], isLarge: true, arrival }
  const pending = createPending()
  const count = countBytes(run, file, part, pending)
  let { trusted } = part
  let { sources, old } = file
  let shiftedBytes = 0
  const check = createChunkListCheck(entry)
  const pieces: ChunkRecords[] = []
  /** Chunks that other files, or this one elsewhere, are about to have. */
  const waiting: { readonly home: ChunkHome; readonly copy: () => Promise<void> }[] = []
  let offset = 0
  let nextTrusted = 0
  try {
    if (file.edited) {
      const isNew = placedCount(trusted) === 0
      const shifted = isNew ? await copyShifted(run, file.edited, part, count.reused) : undefined
      if (shifted) {
        ;({ placed: trusted, old } = shifted)
        shiftedBytes = count.reusedBytes()
      } else {
        const { path, fingerprint } = file.edited
        const cut = await cutOldVersion(run, path, fingerprint, entry.chunkSize)
        if (cut) ({ sources, old } = { sources: [cut.source, ...sources], old: cut.old })
      }
    }
    for await (const records of file.records) {
      throwIfCancelled(run.signal)
      check.push(records)
      pieces.push(records)
      const plan = planReuse({
        records,
        offset,
        trusted,
        nextTrusted,
        sources: [...sources, run.homes],
      })
      offset = plan.offsets[plan.offsets.length - 1] as number
      nextTrusted = plan.nextTrusted
      part.forget(plan.forgotten)
      rememberHomes(run, home, records, plan)
      const zeroBytes = await makeHoles(run, part, records, plan)
      count.reused(bytesOfChunks(records, plan.kept) - shiftedBytes + zeroBytes)
      // They were kept, all of them: the whole list is one piece.
      shiftedBytes = 0
      for (const group of groupCopies(run, { sources }, home, records, plan)) {
        const copy = async (): Promise<void> => {
          const copied = await copyGroup(run, file, part, records, plan, group)
          count.reused(copied)
          count.fetched(bytesOfChunks(records, group.chunks) - copied)
        }
        if (group.home) waiting.push({ home: group.home, copy })
        else await pending.add(run.copying.acquire(run.signal), copy)
      }
      const patches = await planPatches(run, { number: file.number, old }, records, plan)
      const patched = new Set<number>()
      for (const patch of patches) {
        for (let chunk = patch.stretch.from; chunk < patch.stretch.until; chunk++) patched.add(chunk)
        await pending.add(run.underWay.acquire(run.signal, patch.fetchedBytes), async () => {
          const fetched = await applyPatch(
            run,
            { number: file.number, entry, old },
            part,
            records,
            plan,
            patch,
          )
          count.fetched(fetched)
          count.reused(patch.stretch.length - fetched)
        })
      }
      const whole = plan.fetched.filter((chunk) => !patched.has(chunk))
      for (const batch of batchesOf(records, plan.offsets, whole, batchBytesOf(run)))
        await pending.add(run.underWay.acquire(run.signal, batch.bytes), async () => {
          await fetchChunks(run, { number: file.number, path: entry.path }, part, batch)
          count.fetched(batch.bytes)
        })
    }
    check.end()
    await pending.end()
    arrival.settle()
    for (const { home: other, copy } of waiting) {
      await abortable(other.arrival.settled, run.signal)
      await copy()
    }
    const { fingerprint } = await run.pool.run('finishPart', {
      fd: part.fd,
      names: part.names,
      path: file.disk,
      size: entry.size,
      mode: entry.mode,
      mtimeNs: entry.mtimeNs,
      replaces: file.replaces,
    })
    run.parts.end(file.disk)
    return { fingerprint, records: Buffer.concat(pieces), reusedBytes: count.reusedBytes() }
  } finally {
    // Workers may still be writing: the descriptor must not be given to another file before they are done.
    await pending.end().catch(() => undefined)
    arrival.settle()
    part.close()
  }
}

/** Chunks that this file will have in any case, for other files to copy. */
function rememberHomes(run: ReceiveRun, home: ChunkHome, records: ChunkRecords, plan: ReusePlan): void {
  for (const chunks of [plan.fetched, plan.kept])
    for (const chunk of chunks)
      run.homes.add(records, chunkHashOffset(chunk), home, 0, plan.offsets[chunk] as number)
}

/** All-zero chunks: noted as holes in a new part, written into an old one, which may have anything there. */
async function makeHoles(
  run: ReceiveRun,
  part: OpenPart,
  records: ChunkRecords,
  plan: ReusePlan,
): Promise<number> {
  if (part.holes) {
    const noted = new Uint8Array(plan.zeros.length * placedChunkBytes)
    plan.zeros.forEach((chunk, index) =>
      writePlacedChunk(
        noted,
        index,
        plan.offsets[chunk] as number,
        chunkLengthAt(records, chunk),
        chunkHashAt(records, chunk),
      ),
    )
    part.note(noted)
  } else
    for (const chunk of plan.zeros) {
      const bytes = new Uint8Array(chunkLengthAt(records, chunk))
      const zero = pickChunks(records, plan.offsets, [chunk])
      const places = Float64Array.of(0, zero.offsets[0] as number)
      await run.pool.run('writeChunks', { bytes, records: zero.records, target: targetOf(part), places }, [
        bytes.buffer,
      ])
    }
  return bytesOfChunks(records, plan.zeros)
}

interface ByteCount {
  /** Bytes that were on this computer already. */
  reused(bytes: number): void
  fetched(bytes: number): void
  reusedBytes(): number
}

/** Reports what is in place, and has the part synced now and then. */
function countBytes(run: ReceiveRun, file: WantedFile, part: OpenPart, pending: Pending): ByteCount {
  let reused = 0
  let fetched = 0
  let syncedAt = 0
  const report = (): void => {
    file.onBytes(reused + fetched)
    if (fetched - syncedAt < syncEveryBytes) return
    syncedAt = fetched
    const free = Promise.resolve(() => undefined)
    // A failure is thrown by the next wait for what is pending.
    void pending.add(free, () => run.pool.run('syncPart', targetOf(part))).catch(() => undefined)
  }
  return {
    reused(bytes) {
      reused += bytes
      report()
    },
    fetched(bytes) {
      fetched += bytes
      report()
    },
    reusedBytes: () => reused,
  }
}
