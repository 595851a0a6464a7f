/**
 * Where ferry keeps its things. Options come before environment variables, these before the system's custom:
 * `FERRY_STORE` names the data directory alone, `FERRY_HOME` one directory for everything.
 */
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { FerryError, toFerryError } from './errors.ts'

export interface Directories {
  /** Index, shares, manifests, spools, identity. */
  readonly data: string
  /** `config.toml`. */
  readonly config: string
  /** What may be lost without harm: logs, history. */
  readonly state: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * For what can be made again from ferry's own program, such as its compiled code: the same wherever the data is kept.
 * Undefined when there is no home directory to put it in; nothing is made.
 */
export function cacheDirectory(
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const { XDG_CACHE_HOME: named, LOCALAPPDATA: local } = environment
  try {
    if (platform === 'win32')
      return join(local ?? join(findHome(environment), 'AppData', 'Local'), 'ferry', 'cache')
    if (platform === 'darwin') return join(findHome(environment), 'Library', 'Caches', 'ferry')
    return join(
      named !== undefined && isAbsolute(named) ? named : join(findHome(environment), '.cache'),
      'ferry',
    )
  } catch {
    return undefined
  }
}

/**
 * Absolute paths; nothing is made.
 * @throws E_USAGE when there is no home directory to put them in.
 */
export function resolveDirectories(
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): Directories {
  const own = environment['FERRY_HOME']
  const data = environment['FERRY_STORE']
  const base =
    own === undefined || own === '' ? systemDirectories(environment, platform) : ownDirectories(own)
  return { ...base(), ...(data === undefined || data === '' ? {} : { data: resolve(data) }) }
}

function ownDirectories(path: string): () => Directories {
  const root = resolve(path)
  return () => ({ data: join(root, 'data'), config: root, state: join(root, 'state') })
}

function systemDirectories(environment: Environment, platform: NodeJS.Platform): () => Directories {
  /** A base directory of the XDG specification, which wants relative ones to be ignored. */
  const xdg = (name: string, ...otherwise: string[]): string => {
    const value = environment[name]
    return value !== undefined && isAbsolute(value) ? value : join(findHome(environment), ...otherwise)
  }
  if (platform === 'win32')
    return () => {
      const local = environment['LOCALAPPDATA'] ?? join(findHome(environment), 'AppData', 'Local')
      return {
        data: join(local, 'ferry', 'data'),
        config: join(local, 'ferry'),
        state: join(local, 'ferry', 'state'),
      }
    }
  if (platform === 'darwin')
    return () => {
      const support = join(findHome(environment), 'Library', 'Application Support', 'ferry')
      return { data: join(support, 'data'), config: support, state: join(support, 'state') }
    }
  return () => ({
    data: join(xdg('XDG_DATA_HOME', '.local', 'share'), 'ferry'),
    config: join(xdg('XDG_CONFIG_HOME', '.config'), 'ferry'),
    state: join(xdg('XDG_STATE_HOME', '.local', 'state'), 'ferry'),
  })
}

function findHome(environment: Environment): string {
  const named = environment['HOME']
  if (named !== undefined && isAbsolute(named)) return named
  try {
    const home = homedir()
    if (isAbsolute(home)) return home
  } catch {
    // No entry in the password file either; the error below says what to do.
  }
  throw new FerryError('E_USAGE', 'Cannot find a place for the store: HOME is not set', {
    hint: 'set FERRY_HOME to a folder that you can write to',
  })
}

/**
 * Makes a directory that only this user can enter, or checks one that is there.
 * @throws E_STORE when it is another user's or others can write to it; E_PERMISSION, E_NO_SPACE … when it cannot be made.
 */
export function makePrivateDirectory(path: string): void {
  const what = `Cannot use "${path}" as ferry's directory`
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(path)
    const self = process.getuid?.()
    if (self === undefined) return
    if (uid !== self)
      throw new FerryError('E_STORE', `${what}: it belongs to another user`, {
        hint: 'run ferry as that user, or set FERRY_HOME to a folder of your own',
      })
    if ((mode & 0o022) === 0) return
    // One that is in use for other things, such as /tmp, is not ours to close.
    if (readdirSync(path).some((name) => !ownNames.test(name)))
      throw new FerryError('E_STORE', `${what}: others can write to it`, {
        hint: `choose an empty folder, or run: chmod go-w '${path}'`,
      })
    chmodSync(path, 0o700)
  } catch (error) {
    const failure = toFerryError(error, what)
    // On a read-only file system a recursive mkdir says ENOENT.
    const isMissing = failure.code === 'E_NOT_FOUND'
    if (failure.code !== 'E_PERMISSION' && !isMissing) throw failure
    throw new FerryError('E_PERMISSION', isMissing ? `${what}: it cannot be made` : failure.message, {
      cause: error,
      hint: 'set FERRY_HOME to a folder that you can write to',
    })
  }
}

const ownNames =
  /^(?:index\.db|shares\.db|jobs\.db|engine\.lock|tmp|identity|config|data|state|run|token|daemon)/
