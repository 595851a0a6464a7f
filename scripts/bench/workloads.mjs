// The six workloads. Each makes a folder `source`, and says where the receiver starts from: from nothing, or from an
// older version of it. All bytes come from fixed seeds, except for the files of the machine in the mixed tree.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  opendirSync,
  readSync,
  lstatSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { createRandomBytes, writeRandomFile, writeRandomTree } from '../../dist/test/support/random-files.js'

const MiB = 1 << 20

/**
 * `scale` is 1 in a full run and smaller in a quick one; `gibibytes` is the size of the source, and of the old version, at
 * scale 1. `old` is what the receiver has already. Those of many files come last: removing them disturbs the disk.
 */
export const workloads = [
  {
    name: 'large',
    gibibytes: 1,
    title: (scale) => `one file of ${formatSize(1024 * scale)}`,
    prepare({ source, scale }) {
      mkdirSync(source)
      writeRandomFile(join(source, 'large.bin'), 1024 * scale * MiB, 'large')
    },
  },
  {
    name: 'huge',
    gibibytes: 4,
    title: (scale) => `one file of ${formatSize(4096 * scale)}`,
    prepare({ source, scale }) {
      mkdirSync(source)
      writeRandomFile(join(source, 'huge.bin'), 4096 * scale * MiB, 'huge')
    },
  },
  {
    name: 'edited',
    gibibytes: 2,
    title: (scale) => `${formatSize(1024 * scale)} with 1 MiB inserted and ten bytes changed`,
    prepare({ source, old, scale }) {
      mkdirSync(old)
      mkdirSync(source)
      writeRandomFile(join(old, 'edited.bin'), 1024 * scale * MiB, 'edited')
      writeEdited(join(old, 'edited.bin'), join(source, 'edited.bin'))
    },
  },
  {
    name: 'small',
    gibibytes: 0.2,
    title: (scale) => `${(10_000 * scale).toLocaleString('en')} files of 16 KiB`,
    prepare({ source, scale }) {
      writeRandomTree(source, { files: 10_000 * scale, bytesEach: 16_384, seed: 'small' })
    },
  },
  {
    name: 'mixed',
    gibibytes: 1.2,
    title: (scale) => `mixed tree of ${formatSize(1024 * scale)}`,
    prepare({ source, scale }) {
      writeMixedTree(source, 1024 * scale * MiB)
    },
  },
  {
    name: 'tiny',
    gibibytes: 0.6,
    title: (scale) => `${(100_000 * scale).toLocaleString('en')} files of 1 KiB`,
    prepare({ source, scale }) {
      writeRandomTree(source, { files: 100_000 * scale, bytesEach: 1024, seed: 'tiny' })
    },
  },
]

function formatSize(mebibytes) {
  return mebibytes < 1024 ? `${mebibytes} MiB` : `${mebibytes / 1024} GiB`
}

/** Copies `from` with 1 MiB of new bytes in front, and ten single bytes changed, evenly spread. */
export function writeEdited(from, to) {
  const size = statSync(from).size
  const edits = Array.from({ length: 10 }, (_, index) => Math.floor(((index + 0.5) * size) / 10))
  const piece = Buffer.alloc(MiB)
  const input = openSync(from, 'r')
  const output = openSync(to, 'w')
  writeSync(output, createRandomBytes('inserted')(MiB))
  for (let offset = 0; offset < size; ) {
    const length = readSync(input, piece)
    for (const at of edits) if (at >= offset && at < offset + length) piece[at - offset] ^= 1
    writeSync(output, piece, 0, length)
    offset += length
  }
  closeSync(input)
  closeSync(output)
}

/** Half of it real files of this machine, as they lie in its folders; the rest photos and videos of random bytes. */
function writeMixedTree(source, sizeBytes) {
  let left = sizeBytes / 2
  for (const root of ['/usr/lib', '/usr/share', '/usr/bin', '/usr/include'])
    if (left > 0) left = copyFiles(root, join(source, 'machine', root), left)
  left += sizeBytes / 2
  for (const [folder, bytesEach, share] of [
    ['photos', 5 * MiB, 0.6],
    ['videos', 64 * MiB, 1],
  ]) {
    mkdirSync(join(source, folder), { recursive: true })
    const count = Math.floor((left * share) / bytesEach)
    for (let index = 0; index < count; index++)
      writeRandomFile(join(source, folder, `${folder}-${index}.bin`), bytesEach, `${folder} ${index}`)
    left -= count * bytesEach
  }
  writeRandomFile(join(source, 'rest.bin'), left, 'rest')
  mkdirSync(join(source, 'empty folder'))
  writeFileSync(join(source, 'empty file'), '')
}

const largestCopiedBytes = 32 * MiB

/** Copies regular files below `from` until `left` bytes are used up; returns what is left. */
function copyFiles(from, to, left) {
  let folder
  try {
    folder = opendirSync(from)
  } catch {
    return left
  }
  const names = []
  for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) names.push(entry.name)
  folder.closeSync()
  for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
    if (left <= 0) return left
    const path = join(from, name)
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory()) left = copyFiles(path, join(to, name), left)
    else if (stat?.isFile() && stat.size <= largestCopiedBytes) {
      try {
        mkdirSync(dirname(join(to, name)), { recursive: true })
        copyFileSync(path, join(to, name))
        // Setuid bits do not travel with ferry.
        chmodSync(join(to, name), stat.mode & 0o777)
        left -= stat.size
      } catch {
        // Not readable for this user: another file takes its place.
      }
    }
  }
  return left
}
