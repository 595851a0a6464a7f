/**
 * Files that are to be read, in columns: a request is for hundreds of small files, and cloning an object for each on the way
 * to a thread would cost more than reading it.
 */

/** A file as the manifest promises it. */
export interface SourceFile {
  /** Absolute. */
  readonly path: string
  readonly size: number
  readonly mtimeNs: bigint
  /** The path may lead through links, because it was shared with --follow-symlinks. */
  readonly follow?: boolean | undefined
  /** Its content was checked although its time differs: then only that it stays as it is counts. */
  readonly trusted?: boolean | undefined
}

export interface PackedSources {
  /** Joined with NUL, which no path has. */
  readonly paths: string
  readonly sizes: Float64Array
  readonly mtimesNs: BigInt64Array
  /** `follow` and `trusted` as bits. */
  readonly flags: Uint8Array
}

const followFlag = 1
const trustedFlag = 2

export interface SourcePacker {
  /** Adds a file; its number. */
  add(file: SourceFile): number
  take(): PackedSources
}

/** For at most `most` files. */
export function createSourcePacker(most: number): SourcePacker {
  const sizes = new Float64Array(most)
  const mtimesNs = new BigInt64Array(most)
  const flags = new Uint8Array(most)
  const paths: string[] = []
  return {
    add({ path, size, mtimeNs, follow, trusted }) {
      const number = paths.push(path) - 1
      sizes[number] = size
      mtimesNs[number] = mtimeNs
      flags[number] = (follow ? followFlag : 0) | (trusted ? trustedFlag : 0)
      return number
    },
    take() {
      const count = paths.length
      return {
        paths: paths.join('\0'),
        sizes: sizes.slice(0, count),
        mtimesNs: mtimesNs.slice(0, count),
        flags: flags.slice(0, count),
      }
    },
  }
}

export function packSources(files: readonly SourceFile[]): PackedSources {
  const packer = createSourcePacker(files.length)
  for (const file of files) packer.add(file)
  return packer.take()
}

/** Gives the files by their number. */
export function unpackSources(packed: PackedSources): (number: number) => SourceFile | undefined {
  const { sizes, mtimesNs, flags } = packed
  const paths = packed.paths.split('\0')
  return (number) => {
    if (!(number >= 0 && number < sizes.length)) return undefined
    const flag = flags[number] as number
    return {
      path: paths[number] as string,
      size: sizes[number] as number,
      mtimeNs: mtimesNs[number] as bigint,
      follow: (flag & followFlag) !== 0,
      trusted: (flag & trustedFlag) !== 0,
    }
  }
}
