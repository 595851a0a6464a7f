/**
 * Which paths of a tree are wanted: include and exclude patterns with the meaning they have in a `.gitignore` at the top
 * of what is shared, and, when asked for, the `.gitignore` files in the tree themselves.
 */
import { lstatSync, readFileSync } from 'node:fs'
import ignore, { type Ignore } from 'ignore'
import { FerryError } from '../../shared/errors.ts'
import { parentPath } from '../../shared/paths.ts'

export interface PatternOptions {
  /** When not empty, only files that match are shared. */
  readonly include?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
  /** Obey `.gitignore` files, and leave `.git` folders out. */
  readonly gitignore?: boolean | undefined
}

export interface Patterns {
  /** False for what `exclude` or a `.gitignore` leaves out. `path` is relative to the top. */
  keeps(path: string, isDirectory: boolean): boolean
  /** True when no `include` was given or one matches. Only for files and links. */
  includes(path: string): boolean
  /** Reads the `.gitignore` of a folder, if it is to be obeyed; before anything in the folder is asked for. */
  enter(path: string, diskPath: string): void
}

/** Longer ones are mistakes, or attempts to make the matcher slow. */
const maxPatternLength = 1024
/** No `.gitignore` written by people is larger. */
const maxGitignoreBytes = 1024 * 1024

const create = (): Ignore => ignore({ ignorecase: false, allowRelativePaths: true })

/** @throws E_USAGE when a pattern is too long. */
export function createPatterns(options: PatternOptions): Patterns {
  const { include = [], exclude = [], gitignore = false } = options
  const tooLong = [...include, ...exclude].find((pattern) => pattern.length > maxPatternLength)
  if (tooLong !== undefined)
    throw new FerryError('E_USAGE', `Cannot use "${tooLong.slice(0, 60)}…" as a pattern: it is too long`)
  const included = include.length > 0 ? create().add(include) : undefined
  const excluded = exclude.length > 0 ? create().add(exclude) : undefined
  /** By folder, relative to the top; '' is the top. */
  const rules = new Map<string, Ignore>()

  /** The innermost `.gitignore` that says something decides. */
  function isGitignored(path: string, asked: string): boolean {
    for (let folder = parentPath(path); ; folder = parentPath(folder)) {
      const { ignored, unignored } = rules
        .get(folder)
        ?.test(folder === '' ? asked : asked.slice(folder.length + 1)) ?? { ignored: false, unignored: false }
      if (ignored || unignored) return ignored
      if (folder === '') return false
    }
  }

  return {
    keeps(path, isDirectory) {
      const asked = isDirectory ? `${path}/` : path
      if (excluded?.ignores(asked)) return false
      if (!gitignore) return true
      return !(isDirectory && (path === '.git' || path.endsWith('/.git'))) && !isGitignored(path, asked)
    },
    includes: (path) => included?.ignores(path) ?? true,
    enter(path, diskPath) {
      if (!gitignore) return
      const file = `${diskPath}/.gitignore`
      const stats = lstatSync(file, { throwIfNoEntry: false })
      if (stats?.isFile() && stats.size <= maxGitignoreBytes)
        rules.set(path, create().add(readFileSync(file, 'utf8')))
    },
  }
}
