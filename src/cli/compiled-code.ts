/**
 * Loads one large CommonJS file together with the code that V8 made of it in an earlier run. Node's own compile cache
 * holds what is compiled before a file runs, which is its outermost level; the functions inside are compiled when they
 * are first called, anew in every process, and that is most of the work. What is kept here is taken after a run.
 *
 * Invariant: code is taken up only from a file that nobody else could have written, made of exactly this file by exactly
 * this Node, and whole: V8 itself checks neither, and crashes on what is damaged. Whatever is wrong with it, the program
 * runs, and compiles.
 */
import { createHash, hash, randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { constants as vmConstants, Script } from 'node:vm'

export interface LoadedScript<Exports> {
  readonly exports: Exports
  /** The code of an earlier run was taken up. */
  readonly wasKept: boolean
  /**
   * Keeps the code as it is now, with all functions that were called; what was taken up stays as it was. Nothing happens
   * when that is not possible.
   */
  keep(): void
}

/** As Node wraps a CommonJS module. */
const wrapperStart = '(function (exports, require, module, __filename, __dirname) {'
const digestBytes = 32
const ending = '.code'
/** What is older may belong to a ferry that is gone; one that is not keeps its code again. */
const oldAfterMs = 60 * 24 * 3_600_000
/** More than ten times what a run leaves. */
const maxKeptBytes = 32 * 1024 * 1024

/**
 * Code is kept in `directory`, once for each name and script; without a directory, it is not. `parts` are scripts beside
 * this one that it may require, as it names them; they are loaded and kept in the same way.
 */
export function loadScript<Exports>(
  path: string,
  directory: string | undefined,
  name: string,
  parts: readonly string[] = [],
): LoadedScript<Exports> {
  const source = readFileSync(path, 'utf8')
  const keptAt = directory && join(directory, `${name}-${hash('sha256', path).slice(0, 12)}${ending}`)
  const kept = keptAt === undefined ? undefined : readKept(keptAt, identityOf(path))
  const script = new Script(`${wrapperStart}${source}\n})`, {
    filename: path,
    // So that positions in stacks are those of the file.
    columnOffset: -wrapperStart.length,
    ...(kept && { cachedData: kept }),
    importModuleDynamically: vmConstants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const module = { exports: {} }
  const run = script.runInThisContext() as (...parts: readonly unknown[]) => void
  const load = createRequire(path)
  const loaded = new Map<string, LoadedScript<unknown>>()
  const loadPart = (id: string): unknown => {
    let part = loaded.get(id)
    if (part === undefined) {
      part = loadScript(join(dirname(path), id), directory, name)
      loaded.set(id, part)
    }
    return part.exports
  }
  const require = Object.assign((id: string) => (parts.includes(id) ? loadPart(id) : load(id)), load)
  run(module.exports, require, module, path, dirname(path))
  const wasKept = kept !== undefined && script.cachedDataRejected === false
  return {
    exports: module.exports as Exports,
    wasKept,
    keep() {
      for (const part of loaded.values()) part.keep()
      if (keptAt === undefined || wasKept) return
      writeKept(keptAt, identityOf(path), script.createCachedData())
      removeOld(dirname(keptAt))
    },
  }
}

/** Which file, in which state, for which Node. V8 checks its own version and flags besides. */
function identityOf(path: string): string {
  const { size, mtimeNs } = statSync(path, { bigint: true })
  return [path, size, mtimeNs, process.version, process.platform, process.arch].join('\n')
}

function digest(identity: string, code: Uint8Array): Buffer {
  return createHash('sha256').update(identity).update('\0').update(code).digest()
}

function readKept(path: string, identity: string): Buffer | undefined {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    const { size, uid, mode } = fstatSync(file)
    const self = process.geteuid?.()
    if (self !== undefined && (uid !== self || (mode & 0o022) !== 0)) return undefined
    if (size <= digestBytes || size > maxKeptBytes) return undefined
    const content = readFileSync(file)
    const code = content.subarray(digestBytes)
    return digest(identity, code).equals(content.subarray(0, digestBytes)) ? code : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Under another name first: who starts meanwhile finds the old code or the new, and never a part. */
function writeKept(path: string, identity: string, code: Uint8Array): void {
  const temporary = path.replace(ending, `-${randomBytes(6).toString('hex')}${ending}`)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, Buffer.concat([digest(identity, code), code]), { flag: 'wx', mode: 0o600 })
    renameSync(temporary, path)
  } catch {
    // A full disk, or a home that cannot be written: the next start is as slow as this one was.
    try {
      unlinkSync(temporary)
    } catch {
      // It was never there.
    }
  }
}

function removeOld(directory: string): void {
  try {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name)
      if (name.endsWith(ending) && Date.now() - statSync(path).mtimeMs > oldAfterMs) unlinkSync(path)
    }
  } catch {
    // Another process was quicker, or nothing may be removed here: it only takes room.
  }
}
