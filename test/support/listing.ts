/**
 * What a tree looks like from outside: type, mode, mtime in nanoseconds, size, link target and hash of everything in
 * it. Two listings are compared to prove that a tree arrived whole. It reads the disk with its own code on purpose and
 * shares none with ferry.
 */
import { createHash } from 'node:crypto'
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { join } from 'node:path'

export interface Listed {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other'
  /** Permission bits. */
  readonly mode: number
  readonly mtimeNs: bigint
  /** Of files; 0 for everything else. */
  readonly size: number
  readonly target: string | undefined
  /** SHA-256 of a file's content in hex. */
  readonly hash: string | undefined
}

export type Aspect = keyof Listed

/** Path below the root (the root itself is '.') → what is there. */
export type Listing = ReadonlyMap<string, Listed>

const buffer = Buffer.alloc(1 << 20)

/** SHA-256 of a file's content in hex. */
export function hashFile(path: string): string {
  const hash = createHash('sha256')
  const file = openSync(path, 'r')
  try {
    for (;;) {
      const length = readSync(file, buffer)
      if (length === 0) return hash.digest('hex')
      hash.update(buffer.subarray(0, length))
    }
  } finally {
    closeSync(file)
  }
}

/** Lists `root` (a file or a folder) and everything below it. */
export function listTree(root: string): Listing {
  const listing = new Map<string, Listed>()
  visit(root, '.')
  return listing

  function visit(path: string, name: string): void {
    const stat = lstatSync(path, { bigint: true })
    const kind = stat.isFile()
      ? 'file'
      : stat.isDirectory()
        ? 'directory'
        : stat.isSymbolicLink()
          ? 'symlink'
          : 'other'
    listing.set(name, {
      kind,
      // The mode of a symbolic link means nothing on Linux.
      mode: kind === 'symlink' ? 0 : Number(stat.mode & 0o7777n),
      mtimeNs: stat.mtimeNs,
      size: kind === 'file' ? Number(stat.size) : 0,
      target: kind === 'symlink' ? readlinkSync(path) : undefined,
      hash: kind === 'file' ? hashFile(path) : undefined,
    })
    if (kind === 'directory')
      for (const child of readdirSync(path))
        visit(join(path, child), name === '.' ? child : `${name}/${child}`)
  }
}

const allAspects: readonly Aspect[] = ['kind', 'mode', 'mtimeNs', 'size', 'target', 'hash']

/** One line for each difference, at most 20; empty when the listings are equal in these aspects. */
export function differences(
  expected: Listing,
  actual: Listing,
  aspects: readonly Aspect[] = allAspects,
): string[] {
  const lines: string[] = []
  for (const [path, want] of expected) {
    const got = actual.get(path)
    if (got === undefined) lines.push(`${JSON.stringify(path)} is missing (${want.kind})`)
    else
      for (const aspect of aspects)
        if (want[aspect] !== got[aspect])
          lines.push(`${JSON.stringify(path)} ${aspect}: ${want[aspect]} became ${got[aspect]}`)
  }
  for (const [path, got] of actual)
    if (!expected.has(path)) lines.push(`${JSON.stringify(path)} is there, but was not sent (${got.kind})`)
  return lines.length > 20 ? [...lines.slice(0, 20), `… ${lines.length - 20} more`] : lines
}

/** The listing without some paths and everything below them. */
export function without(listing: Listing, ...paths: string[]): Listing {
  return new Map(
    [...listing].filter(([path]) => !paths.some((gone) => path === gone || path.startsWith(`${gone}/`))),
  )
}
