/** Which files of settings count: the user's, the one of the project around the current folder, and the remotes'. */
import { statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { resolveDirectories } from '../../shared/directories.ts'
import type { ProcessIo } from '../terminal.ts'
import { maxParentFolders } from './limits.ts'

export interface ConfigPlaces {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** Absolute. */
  readonly cwd: string
  /** As `--config` names it. */
  readonly file?: string | undefined
}

export interface UserFile {
  readonly path: string
  /** Named by an option or the environment: then it must exist. */
  readonly isNamed: boolean
}

export const projectFileName = '.ferry.toml'

/** @throws E_USAGE when there is no home folder for it */
export function findUserFile({ env, platform, cwd, file }: ConfigPlaces): UserFile {
  const named = file ?? (env['FERRY_CONFIG'] || undefined)
  if (named !== undefined) return { path: resolve(cwd, named), isNamed: true }
  return { path: join(resolveDirectories(env, platform).config, 'config.toml'), isNamed: false }
}

/** Beside the user's own file, whichever that is: two sets of settings have two sets of remotes. */
export function findRemotesFile(places: ConfigPlaces): string {
  return join(dirname(findUserFile(places).path), 'remotes.toml')
}

/** The nearest one from the current folder upward. */
export function findProjectFile({ cwd }: ConfigPlaces): string | undefined {
  let folder = cwd
  for (let depth = 0; depth < maxParentFolders; depth++) {
    const path = join(folder, projectFileName)
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return path
    const parent = dirname(folder)
    if (parent === folder) return undefined
    folder = parent
  }
  return undefined
}

export function configPlaces(command: Command, io: ProcessIo): ConfigPlaces {
  const all = [command, ...command.commands]
  const named = all.map((each) => each.getOptionValue('config') as string | undefined)
  return {
    env: io.env,
    platform: io.platform,
    cwd: currentFolder(io),
    file: named.find((file) => file !== undefined),
  }
}

/** Above a folder that is gone there is no project. */
function currentFolder(io: ProcessIo): string {
  try {
    return io.cwd()
  } catch {
    return '/'
  }
}
