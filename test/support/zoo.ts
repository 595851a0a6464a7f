/**
 * The zoo: a small tree of everything that is legal and awkward on Linux. What ferry must carry stands in `makeZoo`;
 * what it must pass over and name stands in `addStrays`.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { createRandomBytes } from './random-files.ts'

/** Composed and decomposed spelling of the same word: two names on Linux, one on a Mac. */
export const composedName: string = 'caf\u00e9.txt'
export const decomposedName: string = 'cafe\u0301.txt'

const longName = 'n'.repeat(255)
/** 255 bytes, 63 characters of four bytes and one of three. */
const longEmojiName = `${'🚢'.repeat(63)}⛴`
const deepPath = Array.from({ length: 40 }, (_, level) => `level-${level}-${'d'.repeat(20)}`)
/** 64 MiB with data at both ends and in the middle. */
export const sparseSizeBytes: number = 64 << 20

/** Odd, early, late and negative times, for `touch --date`. */
const times: readonly (readonly [name: string, date: string])[] = [
  ['times/odd-nanoseconds', '@1700000000.123456789'],
  ['times/one-nanosecond', '@1700000000.000000001'],
  ['times/last-nanosecond', '@1700000000.999999999'],
  ['times/moon-landing', '1969-07-20 20:17:40.987654321 UTC'],
  ['times/before-the-epoch', '1969-12-31 23:59:59.999999999 UTC'],
  ['times/epoch', '@0'],
  ['times/after-2038', '2040-02-29 12:00:00.000000007 UTC'],
  ['links/inside', '@1600000000.111111111'],
  ['folders/empty', '@1500000000.222222222'],
  ['.', '@1400000000.333333333'],
]

/** Makes the tree in `root`, which must not exist. Everything in it arrives equal at a receiver. */
export function makeZoo(root: string): void {
  const at = (...names: string[]): string => join(root, ...names)
  const bytes = createRandomBytes('zoo')
  for (const folder of ['names', 'modes', 'links', 'folders', 'folders/empty', 'sizes', 'times'])
    mkdirSync(at(folder), { recursive: true })

  const names = [
    'plain.txt',
    'with space.txt',
    ' leading and trailing ',
    'new\nline.txt',
    'tab\tand\rreturn',
    '-leading-dash',
    '--delete',
    '.hidden',
    '...',
    'quote\'and"double',
    'back\\slash',
    '$(echo no);`no`|&<>*?[]{}~#!',
    'emoji 🚢⛴️👩‍👩‍👧',
    'con',
    'a:b',
    '__proto__',
    'README',
    'readme',
    composedName,
    decomposedName,
    longName,
    longEmojiName,
  ]
  for (const name of names) writeFileSync(at('names', name), `content of ${name}`)

  for (const mode of [0o400, 0o444, 0o500, 0o600, 0o644, 0o700, 0o755, 0o777]) {
    writeFileSync(at('modes', mode.toString(8)), 'mode')
    chmodSync(at('modes', mode.toString(8)), mode)
  }

  writeFileSync(at('links', 'target.txt'), 'target')
  symlinkSync('target.txt', at('links', 'inside'))
  symlinkSync('../names', at('links', 'to-a-folder'))
  symlinkSync('nothing-here', at('links', 'dangling'))
  symlinkSync('itself', at('links', 'itself'))
  symlinkSync('../sizes/../names/plain.txt', at('links', 'roundabout'))
  symlinkSync('../../outside-of-the-zoo', at('links', 'out'))
  symlinkSync('/etc/hostname', at('links', 'out-absolute'))

  mkdirSync(at('folders', ...deepPath), { recursive: true })
  writeFileSync(at('folders', ...deepPath, 'bottom'), 'deep')
  mkdirSync(at('folders', 'read-only'))
  writeFileSync(at('folders', 'read-only', 'inside'), 'kept')

  // Around the edges of chunks: minimum 16 KiB, average 64 KiB, maximum 256 KiB.
  for (const size of [0, 1, 2, 4095, 4096, 16383, 16384, 16385, 65536, 262143, 262144, 262145, 3_000_007])
    writeFileSync(at('sizes', `${size}-bytes`), bytes(size))
  writeFileSync(at('sizes', 'zeros'), Buffer.alloc(1_000_000))
  const sparse = openSync(at('sizes', 'sparse'), 'w')
  ftruncateSync(sparse, sparseSizeBytes)
  for (const offset of [0, 33_000_001, sparseSizeBytes - 10]) writeSync(sparse, bytes(10), 0, 10, offset)
  closeSync(sparse)

  for (const [name] of times) if (name.startsWith('times/')) writeFileSync(at(name), name)
  chmodSync(at('folders', 'read-only'), 0o555)
  chmodSync(at('folders', 'empty'), 0o711)
  for (const [name, date] of times) touch(at(name), date)
}

/** Sets a modification time exactly; Node's own calls go through a double and lose the last digits. */
export function touch(path: string, date: string): void {
  const result = spawnSync('touch', ['--no-dereference', '--no-create', `--date=${date}`, '--', path], {
    encoding: 'utf8',
  })
  if (result.status !== 0) throw new Error(`touch --date=${date} failed: ${result.stderr}`)
}

/** Names in `strays/` that ferry must pass over and report, while everything else arrives. */
export const strayNames: readonly string[] = ['fifo']

/** Adds what cannot be shared: a fifo. */
export function addStrays(root: string): void {
  mkdirSync(join(root, 'strays'))
  const result = spawnSync('mkfifo', [join(root, 'strays', 'fifo')], { encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`mkfifo failed: ${result.stderr}`)
}
