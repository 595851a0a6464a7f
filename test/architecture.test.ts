/** Enforces the rooms of ARCHITECTURE.md: who may import whom, which room owns which package, how long a file may be. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import test from 'node:test'

const root = resolve(import.meta.dirname, '..', '..')
const sourceRoot = join(root, 'src')
const maxLines = 400

/** Room → rooms it may import (besides itself). */
const mayImport: Record<string, readonly string[]> = {
  shared: [],
  progress: ['shared'],
  blobs: ['progress', 'shared'],
  node: ['blobs', 'progress', 'shared'],
  sync: ['blobs', 'progress', 'shared'],
  jobs: ['node', 'sync', 'blobs', 'progress', 'shared'],
  daemon: ['jobs', 'progress', 'shared'],
  // Of jobs types only; see below.
  web: ['jobs', 'progress', 'shared'],
  tui: ['jobs', 'progress', 'shared'],
  cli: ['tui', 'web', 'daemon', 'jobs', 'progress', 'shared'],
}

/** Package (or its prefix, with a star) → the only rooms that import it. */
const owners: readonly (readonly [string, readonly string[]])[] = [
  ['blake3', ['blobs']],
  ['@napi-rs/*', ['blobs']],
  ['node:sqlite', ['blobs']],
  ['koffi', ['blobs']],
  ['picomatch', ['shared']],
  ['ignore', ['blobs']],
  ['libp2p', ['node']],
  ['@libp2p/*', ['node']],
  ['@chainsafe/*', ['node']],
  ['@multiformats/*', ['node']],
  ['@scure/base', ['node']],
  ['multiformats', ['node']],
  ['it-pipe', ['node', 'jobs']],
  ['cborg', ['blobs', 'node']],
  ['@aws-sdk/*', ['sync']],
  ['@smithy/*', ['sync']],
  ['ssh2', ['sync']],
  ['ssh-config', ['sync']],
  ['smol-toml', ['cli']],
  ['uqr', ['cli', 'tui']],
  ['commander', ['cli']],
  ['hono', ['daemon']],
  ['@hono/*', ['daemon']],
  ['valibot', ['daemon']],
  ['eventsource-parser', ['progress', 'daemon']],
  ['ink', ['tui']],
  ['react', ['tui', 'web', 'progress']],
  ['react-dom', ['web']],
  ['yauzl', ['blobs']],
  ['tar-stream', ['blobs']],
]

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\.(ts|tsx)$/.test(entry.name) && !entry.parentPath.includes('assembly'),
    )
    .map((entry) => join(entry.parentPath, entry.name))
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(importPattern)].map(
    (match) => (match[1] ?? match[2] ?? match[3]) as string,
  )
}

function roomOf(file: string): string {
  const parts = relative(sourceRoot, file).split(sep)
  return parts.length === 1 ? '' : (parts[0] as string)
}

test('every import keeps to the rooms', () => {
  const wrong: string[] = []
  for (const file of filesBelow(sourceRoot)) {
    const room = roomOf(file)
    for (const name of importsOf(file)) {
      if (name.startsWith('.')) {
        const target = roomOf(resolve(dirname(file), name))
        // src/index.ts, the library's door, has no room: it may import jobs, and faces may import it.
        const allowed =
          room === ''
            ? ['jobs', 'progress', 'shared']
            : [room, ...(mayImport[room] ?? []), ...(['cli', 'tui', 'daemon'].includes(room) ? [''] : [])]
        if (!allowed.includes(target))
          wrong.push(`${relative(root, file)} imports ${name} (room "${target}")`)
      } else {
        const owner = owners.find(([pattern]) =>
          pattern.endsWith('*')
            ? name.startsWith(pattern.slice(0, -1))
            : name === pattern || name.startsWith(`${pattern}/`),
        )
        if (owner && !owner[1].includes(room))
          wrong.push(`${relative(root, file)} imports ${name}, which belongs to ${owner[1].join(', ')}`)
        if (!owner && !name.startsWith('node:'))
          wrong.push(`${relative(root, file)} imports ${name}, which no room owns`)
      }
    }
  }
  assert.deepEqual(wrong, [])
})

/** Clients of one kind of place → the one folder that knows them. */
const clients: readonly (readonly [RegExp, string])[] = [
  [/^@aws-sdk\/|^@smithy\//, 'src/sync/remotes/s3'],
  [/^ssh2$|^ssh-config$/, 'src/sync/remotes/sftp'],
]

test('a client of a remote is known to that remote alone', () => {
  const wrong: string[] = []
  for (const file of filesBelow(sourceRoot))
    for (const name of importsOf(file))
      for (const [pattern, folder] of clients)
        if (pattern.test(name) && !relative(root, file).startsWith(`${folder}${sep}`))
          wrong.push(`${relative(root, file)} imports ${name}`)
  assert.deepEqual(wrong, [])
})

/** What is left of imports when the types are gone, as a bundler sees them. */
function importsOfCode(file: string): string[] {
  const text = readFileSync(file, 'utf8').replaceAll(
    /^(?:import|export) type [^'"]*?from\s*['"][^'"]+['"]/gm,
    '',
  )
  return [...text.matchAll(importPattern)].map((match) => (match[1] ?? match[2] ?? match[3]) as string)
}

test('the page holds nothing of Node, and nothing of jobs but types', () => {
  const seen = new Set<string>()
  const wrong: string[] = []
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const name of importsOfCode(file)) {
      const target = resolve(dirname(file), name)
      if (name.startsWith('node:') || (name.startsWith('.') && roomOf(target) === 'jobs'))
        wrong.push(`${relative(root, file)} imports ${name}`)
      else if (name.startsWith('.') && /\.tsx?$/.test(name)) visit(target)
    }
  }
  visit(join(sourceRoot, 'web', 'main.tsx'))
  assert.ok(seen.size > 20)
  assert.deepEqual(wrong, [])
})

test('every room is a known one', () => {
  const rooms = readdirSync(sourceRoot, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  assert.deepEqual(
    rooms.map((entry) => entry.name).filter((name) => !(name in mayImport)),
    [],
  )
})

test(`no file is longer than ${maxLines} lines`, () => {
  const long = [...filesBelow(sourceRoot), ...filesBelow(join(root, 'test'))]
    .map((file) => ({ file: relative(root, file), lines: readFileSync(file, 'utf8').split('\n').length }))
    .filter(({ file, lines }) => lines > maxLines && !file.endsWith('cut-wasm.ts'))
  assert.deepEqual(long, [])
})

test('nothing is exported by default', () => {
  const wrong = filesBelow(sourceRoot).filter((file) => /^export default /m.test(readFileSync(file, 'utf8')))
  assert.deepEqual(
    wrong.map((file) => relative(root, file)),
    [],
  )
})
