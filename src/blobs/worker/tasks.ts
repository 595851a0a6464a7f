/**
 * Every task that a worker can run, by name. Each task is a synchronous function in its own file; `worker.ts` is the
 * table that finds it. Inputs and outputs are structured-cloneable, bulk bytes are ArrayBuffers that get transferred.
 */

export interface TaskMap {
  echo: { input: number; output: number }
}
