/**
 * Looks, before the first write, at how the wanted tree fits what stands at the destination: files that differ and may
 * not be replaced, and the space that is missing.
 */
import { lstatSync } from 'node:fs'
import type { ManifestReader } from '../../blobs/manifest/reader.ts'
import { partNames } from '../../blobs/tree-writer/part-names.ts'
import { inspectPath } from '../../blobs/worker/inspect-files-tasks.ts'
import { throwIfCancelled } from '../../shared/concurrency.ts'
import { FerryError } from '../../shared/errors.ts'
import { formatBytes } from '../../shared/units.ts'
import { judgeFiles, type NumberedFile } from './judge-files.ts'
import type { ReceiveRun } from './run.ts'
import { isSmall } from './small-files.ts'

/** Files looked at by one worker call. */
const filesPerLook = 512

export interface Survey {
  readonly files: number
  readonly bytes: number
  /** Bytes that have to be written, as far as can be told without reading content. */
  readonly neededBytes: number
}

type Surveyed = Pick<
  ReceiveRun,
  'destination' | 'files' | 'folders' | 'overwrite' | 'pool' | 'progress' | 'signal' | 'store'
>

/** @throws E_CONFLICT when different files stand there and the policy is `never`. */
export async function surveyTree(
  run: Surveyed,
  manifest: ManifestReader,
  wanted: (path: string) => boolean,
): Promise<Survey> {
  const totals = { files: 0, bytes: 0, neededBytes: 0 }
  const conflicts = { count: 0, first: '' }
  /** Top-level names that are free: nothing below them can be in the way. */
  const freeTops = new Map<string, boolean>()
  const isFree = (path: string): boolean => {
    const top = path.split('/', 1)[0] as string
    let free = freeTops.get(top)
    if (free === undefined) {
      free = run.destination.isNew || inspectPath(run.folders.diskPath(top)).kind === 'none'
      freeTops.set(top, free)
    }
    return free
  }
  let batch: NumberedFile[] = []
  const look = async (): Promise<void> => {
    throwIfCancelled(run.signal)
    const bytes = batch.reduce((sum, { entry }) => sum + entry.size, 0)
    run.progress.phase('manifest', 'Comparing with what is there')
    // Of many files the first stands for all.
    const step = run.progress.beginStep(batch[0]?.entry.path ?? '', 'compare', bytes)
    const verdicts = await judgeFiles(run, batch, (compared) => step.bytes(compared)).finally(() =>
      step.done(),
    )
    verdicts.forEach((verdict, index) => {
      const { entry } = batch[index] as NumberedFile
      if (verdict.kind === 'write') totals.neededBytes += missingBytes(verdict.disk, entry)
      else if (verdict.kind === 'conflict') {
        conflicts.count++
        conflicts.first ||= entry.path
      }
    })
    batch = []
  }
  for (const { number, entry } of manifest.entries()) {
    if (!wanted(entry.path)) continue
    if (entry.kind !== 'file') continue
    totals.files++
    totals.bytes += entry.size
    if (run.files.isLeftOut(entry.path)) continue
    if (isFree(entry.path)) totals.neededBytes += missingBytes(run.folders.diskPath(entry.path), entry)
    else if (batch.push({ number, entry }) === filesPerLook) await look()
  }
  if (batch.length > 0) await look()
  if (conflicts.count > 0 && run.overwrite === 'never') throw conflictsError(run, conflicts)
  return totals
}

/** What a part has on disk already need not be free again. */
function missingBytes(disk: string, entry: NumberedFile['entry']): number {
  if (isSmall(entry)) return entry.size
  const stat = lstatSync(partNames(disk).part, { throwIfNoEntry: false })
  return Math.max(0, entry.size - (stat?.isFile() ? stat.blocks * 512 : 0))
}

function conflictsError(
  run: Pick<ReceiveRun, 'destination'>,
  conflicts: { readonly count: number; readonly first: string },
): FerryError {
  const what =
    conflicts.count === 1 ? 'a different file of this name is' : 'different files of these names are'
  const which = conflicts.count === 1 ? conflicts.first : `${conflicts.count} files, first ${conflicts.first}`
  return new FerryError(
    'E_CONFLICT',
    `Cannot receive into "${run.destination.root}": ${what} there (${which})`,
    {
      hint: '--overwrite always replaces them, --overwrite rename keeps both; or receive into another folder',
    },
  )
}

/** @throws E_NO_SPACE when less is free than has to be written. */
export function checkSpace(run: Pick<ReceiveRun, 'destination'>, neededBytes: number): void {
  const free = run.destination.freeBytes()
  if (free === undefined || free >= neededBytes) return
  throw new FerryError(
    'E_NO_SPACE',
    `Cannot receive into "${run.destination.root}": ${formatBytes(neededBytes)} needed, ${formatBytes(free)} free`,
    { hint: "choose another place, or fetch a part with --only 'photos/*'" },
  )
}
