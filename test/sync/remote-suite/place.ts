/** What the suite of remotes is given, and the few helpers that its parts share. */
import assert from 'node:assert/strict'
import type { Remote, WriteOptions, Written } from '../../../src/sync/remote.ts'
import type { Content, ListOptions, ListProblem, SyncEntry } from '../../../src/sync/source.ts'
import { memoryContent } from '../../support/memory-content.ts'
import { createRandomBytes } from '../../support/random-files.ts'

/** An empty location of its own for one test. */
export interface RemotePlace extends AsyncDisposable {
  readonly remote: Remote
  /** Puts a file there behind the remote's back, as another program would; folders above it are made. */
  intrude(path: string, bytes: Uint8Array): Promise<void>
  /** Opens the same location afresh, as the next run would. The caller disposes of it. */
  reopen(): Promise<Remote>
  /** Opens a location that is not there, for places where that is an error. The caller disposes of it. */
  missing?(): Promise<Remote>
}

export interface RemoteTraits {
  /** Names that the place cannot hold, of those that the suite tries. */
  readonly cannotName?: (name: string) => boolean
  /** Bytes of what is interrupted half-way: enough for several requests. Default 11 MiB and a little. */
  readonly largeBytes?: number
}

export interface Suite {
  readonly name: string
  readonly open: () => Promise<RemotePlace>
  readonly traits: RemoteTraits
}

const next = createRandomBytes('remote suite')

/** Other bytes at each call. */
export function someBytes(length: number): Uint8Array {
  return new Uint8Array(next(length))
}

export function largeBytes(suite: Suite): Uint8Array {
  return someBytes(suite.traits.largeBytes ?? 11 * 1024 * 1024 + 7)
}

export const text = (content: string): Uint8Array => new TextEncoder().encode(content)

/** A time whose digits show which step a place has. */
export const someTime = 1_700_000_000_123_456_789n

export const plain: WriteOptions = { attributes: { mode: 0o640, mtimeNs: someTime } }

/** Writes bytes or a content, and gives it back closed. */
export async function write(
  remote: Remote,
  path: string,
  what: Uint8Array | Content,
  options: Partial<WriteOptions> = {},
): Promise<Written> {
  await using content = what instanceof Uint8Array ? memoryContent(what) : what
  return await remote.write(path, content, { ...plain, ...options })
}

/** What stands at `path`, with all that can be told of it. */
export async function look(remote: Remote, path: string): Promise<SyncEntry> {
  const entry = await remote.stat(path)
  assert.ok(entry, `nothing is at ${JSON.stringify(path)}`)
  return entry.mtimeNs === undefined && remote.caps.describe ? await remote.caps.describe(entry) : entry
}

export async function readBack(remote: Remote, path: string): Promise<Uint8Array> {
  const entry = await remote.stat(path)
  assert.ok(entry, `nothing is at ${JSON.stringify(path)}`)
  await using content = await remote.open(entry)
  assert.equal(content.size, entry.size)
  const bytes = content.size === 0 ? new Uint8Array(0) : await content.read(0, content.size)
  await content.confirm()
  return bytes
}

/** Equal content, without printing megabytes when it is not. */
export function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.byteLength, expected.byteLength)
  assert.equal(Buffer.compare(actual, expected), 0, 'the bytes differ')
}

export async function assertHolds(remote: Remote, path: string, expected: Uint8Array): Promise<void> {
  assertSame(await readBack(remote, path), expected)
}

export interface Listed {
  readonly batches: readonly (readonly SyncEntry[])[]
  readonly entries: readonly SyncEntry[]
  readonly problems: readonly ListProblem[]
}

export async function listAll(remote: Remote, options: Partial<ListOptions> = {}): Promise<Listed> {
  const problems: ListProblem[] = []
  const batches: (readonly SyncEntry[])[] = []
  const all: ListOptions = { recursive: true, onProblem: (problem) => problems.push(problem), ...options }
  for await (const batch of remote.list(all)) batches.push(batch)
  return { batches, entries: batches.flat(), problems }
}

/** Paths of everything but folders, which not every place has. */
export async function listFiles(remote: Remote, options: Partial<ListOptions> = {}): Promise<string[]> {
  const { entries, problems } = await listAll(remote, options)
  assert.deepEqual(problems, [])
  return entries.filter(({ kind }) => kind !== 'directory').map(({ path }) => path)
}

/** For `assert.rejects`: one of these codes. */
export const withCode =
  (...codes: readonly string[]) =>
  (error: unknown): true => {
    assert.ok(error instanceof Error)
    assert.ok('code' in error && codes.includes(error.code as string), String(error.stack))
    return true
  }
