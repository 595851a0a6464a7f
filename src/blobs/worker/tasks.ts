/**
 * Every task that a worker can run, by name. Each task is a synchronous function in its own file; `worker.ts` is the
 * table that finds it. Inputs and outputs are structured-cloneable, bulk bytes are ArrayBuffers that get transferred.
 */

import type { PartTarget } from '../tree-writer/part-file.ts'
import type { CopyChunksInput, CopyChunksOutput } from './copy-chunks-task.ts'
import type { FindShiftInput, FindShiftOutput } from './find-shift-task.ts'
import type { FinishPartInput, FinishPartOutput } from './finish-part-task.ts'
import type { ClonePartInput, FinishGrowingInput, GrowPartInput } from './grow-part-tasks.ts'
import type { CutRegionInput, CutRegionOutput, IngestFilesInput, IngestFilesOutput } from './ingest-task.ts'
import type { PackedRows } from '../store/file-row.ts'
import type { IndexRowsInput } from './index-rows-task.ts'
import type { CompareFilesInput, CompareFilesOutput, Existing } from './inspect-files-tasks.ts'
import type { PlaceFilesInput, PlaceFilesOutput } from './place-files-task.ts'
import type { ReadFileInput, ReadFileOutput, ReadFilesInput, ReadFilesOutput } from './read-file-task.ts'
import type {
  ReadRangesInput,
  ReadRangesOutput,
  RecheckInput,
  RecheckOutput,
  SubChunksInput,
  SubChunksOutput,
} from './read-task.ts'
import type { ReadPartInput, ReadPartOutput } from './read-part-task.ts'
import type { PatchChunksInput } from './patch-chunks-task.ts'
import type { VerifyChunksInput, VerifyChunksOutput } from './verify-chunks-task.ts'
import type { WriteChunksInput, WriteChunksOutput } from './write-chunks-task.ts'
import type { WriteFilesInput, WriteFilesOutput } from './write-files-task.ts'

export interface TaskMap {
  ingestFiles: { input: IngestFilesInput; output: IngestFilesOutput }
  cutRegion: { input: CutRegionInput; output: CutRegionOutput }
  readRanges: { input: ReadRangesInput; output: ReadRangesOutput }
  recheck: { input: RecheckInput; output: RecheckOutput }
  subChunks: { input: SubChunksInput; output: SubChunksOutput }
  writeChunks: { input: WriteChunksInput; output: WriteChunksOutput }
  copyChunks: { input: CopyChunksInput; output: CopyChunksOutput }
  findShift: { input: FindShiftInput; output: FindShiftOutput }
  readPart: { input: ReadPartInput; output: ReadPartOutput }
  patchChunks: { input: PatchChunksInput; output: WriteChunksOutput }
  verifyChunks: { input: VerifyChunksInput; output: VerifyChunksOutput }
  writeFiles: { input: WriteFilesInput; output: WriteFilesOutput }
  syncPart: { input: Pick<PartTarget, 'fd' | 'journalFd' | 'path'>; output: void }
  finishPart: { input: FinishPartInput; output: FinishPartOutput }
  inspectFiles: { input: { readonly paths: readonly string[] }; output: { readonly found: Existing[] } }
  indexRows: { input: IndexRowsInput; output: PackedRows }
  compareFiles: { input: CompareFilesInput; output: CompareFilesOutput }
  readFiles: { input: ReadFilesInput; output: ReadFilesOutput }
  readFile: { input: ReadFileInput; output: ReadFileOutput }
  placeFiles: { input: PlaceFilesInput; output: PlaceFilesOutput }
  growPart: { input: GrowPartInput; output: void }
  clonePart: { input: ClonePartInput; output: boolean }
  finishGrowing: { input: FinishGrowingInput; output: string }
}

/** How a worker runs one task. */
export interface Task<Name extends keyof TaskMap> {
  run(input: TaskMap[Name]['input']): TaskMap[Name]['output']
  /** The buffers of the output that are moved to the main thread rather than copied. */
  moves?(output: TaskMap[Name]['output']): ArrayBuffer[]
}
