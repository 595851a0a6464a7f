/**
 * The walk as the other parts see it: packed batches of items in manifest order, from a thread of its own, so that neither the
 * main thread nor the hashing waits for folders to be read. One batch is made ahead while one is used. A small tree is
 * walked at once: that takes two milliseconds, and to start a thread twenty.
 */
import { opendirSync, type Dir } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { throwIfCancelled } from '../../shared/concurrency.ts'
import { FerryError } from '../../shared/errors.ts'
import type { RunOptions } from '../../shared/options.ts'
import { unpackError, type PackedError } from '../worker/packed-error.ts'
import type { PackedWalk } from './walk-batch.ts'
import { walkTree, type WalkOptions, type WalkRoot } from './walk-tree.ts'

export type WalkReply =
  /** Undefined behind the last batch. */
  { readonly packed: PackedWalk | undefined } | { readonly error: PackedError }

/** Items of a small tree; one batch of the thread has more. */
const mostOfSmall = 256

const workerUrl = new URL(
  `./walk-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
  import.meta.url,
)

/**
 * Walks `roots`, whose names must differ. Problems with single items are items themselves.
 * @throws E_USAGE when a pattern is too long.
 */
export async function* walk(
  roots: readonly WalkRoot[],
  options: WalkOptions & RunOptions = {},
): AsyncGenerator<PackedWalk> {
  const { signal, onProgress: _, ...walkOptions } = options
  throwIfCancelled(signal)
  // Links that are followed lead to more than can be counted beforehand.
  if (!walkOptions.followSymlinks && isSmall(roots)) {
    yield* walkTree(roots, walkOptions, mostOfSmall)
    return
  }
  const worker = new Worker(workerUrl, { workerData: { roots, options: walkOptions }, execArgv: [] })
  const ask = (): Promise<WalkReply> =>
    new Promise((resolve, reject) => {
      const fail = (cause?: Error): void =>
        reject(new FerryError('E_INTERNAL', 'Cannot walk what is to be shared: its thread failed', { cause }))
      worker.removeAllListeners()
      worker.once('message', resolve)
      worker.once('error', fail)
      worker.once('exit', () => fail())
      worker.postMessage('next')
    })
  try {
    let asked = ask()
    for (;;) {
      const reply = await asked
      throwIfCancelled(signal)
      if ('error' in reply) throw unpackError(reply.error)
      if (!reply.packed) return
      asked = ask()
      // Whoever stops reading here does not see how this one ends.
      asked.catch(() => undefined)
      yield reply.packed
    }
  } finally {
    worker.removeAllListeners()
    await worker.terminate()
  }
}

/** Stops counting as soon as it knows, so that nothing large is read twice. */
function isSmall(roots: readonly WalkRoot[]): boolean {
  const folders = roots.map(({ diskPath }) => diskPath)
  let count = folders.length
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
    for (const { name, isFolder } of namesIn(path)) {
      if (++count > mostOfSmall) return false
      if (isFolder) folders.push(join(path, name))
    }
  }
  return true
}

function* namesIn(path: string): Generator<{ readonly name: string; readonly isFolder: boolean }> {
  let folder: Dir | undefined
  try {
    folder = opendirSync(path)
    for (let entry = folder.readSync(); entry; entry = folder.readSync())
      yield { name: entry.name, isFolder: entry.isDirectory() }
  } catch {
    // A file; or what the walk itself will find and name.
  } finally {
    folder?.closeSync()
  }
}
