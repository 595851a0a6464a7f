/** The body of a worker thread: takes one request after the other, runs the task, and answers. */
import { parentPort } from 'node:worker_threads'
import { syncPart } from '../tree-writer/part-file.ts'
import { copyChunks } from './copy-chunks-task.ts'
import { findShift } from './find-shift-task.ts'
import { finishPart } from './finish-part-task.ts'
import { clonePart, finishGrowing, growPart } from './grow-part-tasks.ts'
import { cutRegion, ingestFiles } from './ingest-task.ts'
import { indexRows } from './index-rows-task.ts'
import { compareFiles, inspectFiles } from './inspect-files-tasks.ts'
import { packError } from './packed-error.ts'
import { placeFiles } from './place-files-task.ts'
import type { TaskReply, TaskRequest } from './pool.ts'
import { readFile, readFiles } from './read-file-task.ts'
import { readRanges, recheck, subChunks } from './read-task.ts'
import type { Task, TaskMap } from './tasks.ts'
import { readPart } from './read-part-task.ts'
import { patchChunks } from './patch-chunks-task.ts'
import { verifyChunks } from './verify-chunks-task.ts'
import { writeChunks } from './write-chunks-task.ts'
import { writeFiles } from './write-files-task.ts'

const tasks: { readonly [Name in keyof TaskMap]: Task<Name> } = {
  ingestFiles: {
    run: ingestFiles,
    moves: ({ rows, ends, modes }) => [rows.buffer, ends.buffer, modes.buffer],
  },
  cutRegion: { run: cutRegion, moves: ({ records }) => [records.buffer] },
  readRanges: { run: readRanges },
  recheck: { run: recheck },
  subChunks: { run: subChunks, moves: ({ lists }) => lists.map((list) => list.buffer) },
  writeChunks: { run: writeChunks },
  copyChunks: { run: copyChunks },
  findShift: { run: findShift },
  readPart: { run: readPart, moves: ({ bytes }) => (bytes ? [bytes] : []) },
  patchChunks: { run: patchChunks },
  verifyChunks: { run: verifyChunks },
  writeFiles: { run: writeFiles, moves: ({ fingerprints }) => [fingerprints.buffer] },
  syncPart: { run: syncPart },
  finishPart: { run: finishPart },
  inspectFiles: { run: inspectFiles },
  indexRows: { run: indexRows, moves: ({ rows, ends }) => [rows.buffer, ends.buffer] },
  compareFiles: { run: compareFiles },
  readFiles: {
    run: readFiles,
    moves: ({ results }) => results.flatMap((bytes) => (bytes instanceof Uint8Array ? [bytes.buffer] : [])),
  },
  readFile: { run: readFile, moves: ({ bytes }) => [bytes.buffer] },
  placeFiles: { run: placeFiles },
  growPart: { run: growPart },
  clonePart: { run: clonePart },
  finishGrowing: { run: finishGrowing },
}

parentPort?.on('message', ({ id, name, input }: TaskRequest) => {
  let reply: TaskReply
  let moved: ArrayBuffer[] = []
  try {
    const task = tasks[name] as Task<keyof TaskMap>
    const output = task.run(input as never)
    moved = task.moves?.(output) ?? []
    reply = { id, output }
  } catch (error) {
    reply = { id, error: packError(error, `Cannot run the task ${name}`) }
  }
  parentPort?.postMessage(reply, moved)
})
