/**
 * What a share is made of: the paths given by the user under their top-level names, and bytes without a file, which are
 * spooled into the data directory because a share only refers to files.
 */
import { closeSync, lstatSync, mkdirSync, openSync, realpathSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { randomUUID } from 'node:crypto'
import { throwIfCancelled } from '../../shared/concurrency.ts'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { treePathProblem } from '../../shared/paths.ts'
import { expandInput } from './expand-input.ts'
import type { JobContext, ShareInput, ShareOptions } from '../types.ts'

export interface ShareSources extends Disposable {
  /** Shown to receivers. */
  readonly name: string
  /** Top-level name in the manifest → absolute path without links before its last name. */
  readonly paths: ReadonlyMap<string, string>
  /** Canonical text of sources and options: what "the same share" means. Undefined when it cannot be shared again. */
  readonly key: string | undefined
}

/**
 * @throws E_NOT_FOUND when a path is not there; E_USAGE when two would have the same name, or a name cannot be shared.
 */
export async function openSources(
  inputs: readonly ShareInput[],
  options: ShareOptions,
  directory: string,
  { signal, progress }: Pick<JobContext, 'signal' | 'progress'>,
): Promise<ShareSources> {
  if (inputs.length === 0) throw new FerryError('E_USAGE', 'Cannot share: nothing was named')
  const paths = new Map<string, string>()
  const spools: string[] = []
  const dispose = (): void => {
    for (const spool of spools) rmSync(spool, { recursive: true, force: true })
  }
  try {
    const add = (name: string, path: string): void => {
      checkName(name)
      if (paths.has(name))
        throw new FerryError('E_USAGE', `Cannot share two things with the same name, "${name}"`, {
          hint: 'share their common folder, or share them one by one with --name',
        })
      paths.set(name, path)
    }
    for (const input of inputs) {
      const only = inputs.length === 1 ? options.name : undefined
      const path =
        typeof input === 'string' ? locate(input) : await keep(input, makeSpool(directory, spools), signal)
      if (typeof input === 'string' && options.expand)
        add(...(await expandInput(path, only, makeSpool(directory, spools), { signal, progress })))
      else add(only ?? (typeof input === 'string' ? nameOf(input, path) : input.name), path)
    }
  } catch (error) {
    dispose()
    throw error
  }
  const { include = [], exclude = [], gitignore = false, followSymlinks = false } = options
  const sorted = [...paths].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    name: options.name ?? [...paths.keys()].join(', ').slice(0, 255),
    paths,
    key:
      spools.length > 0
        ? undefined
        : JSON.stringify({ paths: sorted, include, exclude, gitignore, followSymlinks }),
    [Symbol.dispose]: dispose,
  }
}

/** The path with every link before its last name resolved, so that one file has one path in the index. */
function locate(input: string): string {
  const what = `Cannot share "${input}"`
  try {
    const path = resolve(input)
    const stats = lstatSync(path)
    // A link that is named by the user means what it points at.
    if (stats.isSymbolicLink()) return realpathSync(path)
    return path === dirname(path) ? path : join(realpathSync(dirname(path)), basename(path))
  } catch (error) {
    throw toFerryError(error, what)
  }
}

function nameOf(input: string, path: string): string {
  const name = basename(resolve(input)) || basename(path)
  if (name === '')
    throw new FerryError('E_USAGE', `Cannot share "${input}" without a name`, { hint: 'add --name NAME' })
  return name
}

function checkName(name: string): void {
  const problem = name.includes('/') ? 'it has a "/" in it' : treePathProblem(name)
  if (problem)
    throw new FerryError('E_USAGE', `Cannot share under the name "${name}": ${problem}`, {
      hint: 'choose another one with --name NAME',
    })
}

/** A new folder for what is not shared where it lies; removed when the share ends, or by `ferry store gc` after a crash. */
function makeSpool(directory: string, spools: string[]): string {
  const folder = join(directory, 'tmp', `spool-${process.pid}-${randomUUID()}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw toFerryError(error, `Cannot make the folder "${folder}"`)
  }
  spools.push(folder)
  return folder
}

/** Writes the bytes to a file of its own. */
async function keep(
  input: Exclude<ShareInput, string>,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const path = join(folder, 'content')
  try {
    const file = openSync(path, 'wx', 0o600)
    try {
      for await (const bytes of input.content) {
        throwIfCancelled(signal)
        for (let done = 0; done < bytes.byteLength; ) done += writeSync(file, bytes, done)
      }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw toFerryError(error, `Cannot keep "${input.name}" for sharing`)
  }
  return path
}
