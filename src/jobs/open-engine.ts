/**
 * The engine of a data directory: there is one at a time, in whatever process, because two would both go on with the jobs
 * that were interrupted. The lock ends with its process, however that ends.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { lockFile } from '../blobs/native-lock.ts'
import { openDiskJobs, type DiskJobs } from '../blobs/store/disk-jobs.ts'
import { makePrivateDirectory } from '../shared/directories.ts'
import { FerryError, toFerryError } from '../shared/errors.ts'
import type { Engine } from './engine-types.ts'
import { createEngine, type EngineOptions } from './engine.ts'

export type OpenEngineOptions = Omit<EngineOptions, 'jobs'>

/**
 * Closing the engine does not close its `Ferry`.
 * @throws E_CONFLICT when another process has it; E_STORE, E_PERMISSION, E_NO_SPACE when jobs cannot be remembered
 */
export function openEngine(options: OpenEngineOptions): Engine {
  const { directory } = options.ferry
  const unlock = lockDirectory(directory)
  let jobs: DiskJobs | undefined
  try {
    jobs = openDiskJobs(directory)
    const opened = jobs
    const engine = createEngine({ ...options, jobs })
    return {
      ...engine,
      async [Symbol.asyncDispose](): Promise<void> {
        await engine[Symbol.asyncDispose]()
        opened[Symbol.dispose]()
        unlock()
      },
    }
  } catch (error) {
    jobs?.[Symbol.dispose]()
    unlock()
    throw error
  }
}

function lockDirectory(directory: string): () => void {
  const path = join(directory, 'engine.lock')
  let file: number
  try {
    makePrivateDirectory(directory)
    file = openSync(path, 'a+', 0o600)
  } catch (error) {
    throw toFerryError(error, `Cannot use "${directory}"`)
  }
  if (!lockFile(file)) {
    closeSync(file)
    const pid = /^\d+/.exec(readFileSync(path, 'latin1'))?.[0]
    throw new FerryError(
      'E_CONFLICT',
      `Cannot run jobs of "${directory}": process ${pid ?? 'of another ferry'} does already`,
      { hint: 'see it with: ferry daemon status' },
    )
  }
  // The file stays: who removed it would take the lock from under the next one.
  ftruncateSync(file, 0)
  writeSync(file, `${process.pid}\n`)
  return () => closeSync(file)
}
