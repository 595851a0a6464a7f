/**
 * Which files of a job are done: all, or only some (a retry of single files), less those that the user leaves out, also
 * while it runs. Paths are those of the tree, with slashes; the path of a folder stands for all that is in it.
 *
 * Invariant: what has been left out once stays left out for the whole run.
 */
import { FerryError } from './errors.ts'
import { parentPath } from './paths.ts'

/** A file that is left out; `delete`: what has arrived of it goes as well. */
export interface LeftOut {
  readonly path: string
  readonly partial?: 'keep' | 'delete' | undefined
}

export interface FileChoiceOptions {
  /** Only these; undefined: all. */
  readonly only?: readonly string[] | undefined
  readonly leftOut?: readonly LeftOut[] | undefined
}

/** Files under way. Disposing it ends the watching. */
export interface FileWatch extends Disposable {
  /** Fires when the job is stopped, or one of the files is left out. */
  readonly signal: AbortSignal
  /** True when that was why it fired. */
  readonly isLeftOut: boolean
}

export interface FileChoice {
  /** False for what this run is not about at all. Folders on the way to a chosen file are chosen too. */
  isChosen(path: string): boolean
  /** As `isChosen`, without the folders on the way: for what acts on all that is in a folder. */
  isChosenWhole(path: string): boolean
  isLeftOut(path: string): boolean
  /** True when what has arrived of it is not to be kept. */
  deletesPart(path: string): boolean
  /** From now on; files under way stop within one chunk. */
  leaveOut(files: readonly LeftOut[]): void
  watch(paths: readonly string[], signal: AbortSignal): FileWatch
  /** True while every file of the job is done. */
  readonly isWhole: boolean
  /** What was named and never asked about: there is nothing of that name. */
  unmet(): readonly string[]
}

/** As people write it: without a slash at its end, or `./` before it. */
const plainPath = (path: string): string => path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')

export function createFileChoice({ only, leftOut = [] }: FileChoiceOptions = {}): FileChoice {
  const chosen = only && new Set(only.map(plainPath))
  /** Folders on the way to what is chosen. */
  const above = new Set<string>()
  for (const path of chosen ?? [])
    for (let folder = parentPath(path); folder !== '' && !above.has(folder); folder = parentPath(folder))
      above.add(folder)
  const out = new Map<string, LeftOut['partial']>()
  const unmet = new Set<string>(chosen)
  const watches = new Set<{ readonly paths: readonly string[]; readonly stop: AbortController }>()

  /** The one of `names` that is the path, or a folder above it. */
  function nameOf(path: string, names: { readonly size: number; has(name: string): boolean }) {
    if (names.size === 0) return undefined
    for (let name = path; name !== ''; name = parentPath(name)) if (names.has(name)) return name
    return undefined
  }

  function isNamed(path: string, names: { readonly size: number; has(name: string): boolean }): boolean {
    const name = nameOf(path, names)
    if (name !== undefined && unmet.size > 0) unmet.delete(name)
    return name !== undefined
  }

  const isChosenWhole = (path: string): boolean => chosen === undefined || isNamed(path, chosen)

  function leaveOut(files: readonly LeftOut[]): void {
    for (const { path, partial } of files) {
      out.set(plainPath(path), partial)
      unmet.add(plainPath(path))
    }
    for (const { paths, stop } of watches)
      if (paths.some((path) => isNamed(path, out)))
        stop.abort(new FerryError('E_CANCELLED', 'Stopped: the file was left out'))
  }

  leaveOut(leftOut)
  return {
    isChosen: (path) => isChosenWhole(path) || above.has(path),
    isChosenWhole,
    isLeftOut: (path) => isNamed(path, out),
    deletesPart(path) {
      const name = nameOf(path, out)
      return name !== undefined && out.get(name) === 'delete'
    },
    leaveOut,
    watch(paths, signal) {
      const stop = new AbortController()
      const watch = { paths, stop }
      watches.add(watch)
      if (paths.some((path) => isNamed(path, out)))
        stop.abort(new FerryError('E_CANCELLED', 'Stopped: the file was left out'))
      return {
        signal: AbortSignal.any([signal, stop.signal]),
        get isLeftOut(): boolean {
          return stop.signal.aborted && !signal.aborted
        },
        [Symbol.dispose]: () => void watches.delete(watch),
      }
    },
    get isWhole(): boolean {
      return chosen === undefined && out.size === 0
    },
    unmet: () => [...unmet],
  }
}
