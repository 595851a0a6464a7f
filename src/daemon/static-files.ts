/** The page, out of the folder that the build made. Read once: it is small, and never changes while this runs. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface StaticFile {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Its name holds a hash of its content. */
  readonly isFixed: boolean
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/** Beside the program, in the bundle as in the compiled sources. */
export const pageFolder: string = fileURLToPath(new URL('../../web/', import.meta.url))

/** By path, such as `/assets/index-4f2a.js`; empty when the page was not built. Only what is listed can be asked for. */
export function loadStaticFiles(folder: string = pageFolder): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>()
  let entries
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  } catch {
    return files
  }
  for (const entry of entries) {
    const type = types[extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const name = `/${relative(folder, path).split(sep).join('/')}`
    const file = { type, bytes: new Uint8Array(readFileSync(path)), isFixed: name.startsWith('/assets/') }
    files.set(name, file)
    if (name === '/index.html') files.set('/', file)
  }
  return files
}
