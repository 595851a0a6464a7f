/**
 * A source and a destination tree, made from a seed, in which every difference occurs that a sync can meet: new, changed,
 * touched, secretly changed (same size and time), other modes, other kinds, extraneous, links of all sorts, odd names.
 */
import { chmodSync, lutimesSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const names = [
  'alpha.txt',
  'beta.o',
  'with space',
  'café',
  '-dash',
  'zeta',
  'zeta.d',
  'zeta!',
  '日本',
  '.hidden',
  'Mixed.TXT',
  'gamma~',
]
const folderNames = ['sub', 'sub.d', 'über', 'build', 'keep me', 'x']

export interface Random {
  /** 0 … below − 1. */
  (below: number): number
}

export function createRandom(seed: number): Random {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

interface Thing {
  readonly kind: 'file' | 'folder' | 'full-folder' | 'link' | 'fifo'
  readonly content: string
  readonly mode: number
  /** Seconds. */
  readonly time: number
  readonly target: string
}

const epoch = 1_700_000_000
const targets = ['alpha.txt', '../alpha.txt', 'nowhere', '../../outside', '/etc/hostname', 'sub']

function thing(random: Random): Thing {
  const roll = random(20)
  return {
    kind: roll < 14 ? 'file' : roll < 18 ? 'link' : roll < 19 ? 'folder' : 'fifo',
    content: 'x'.repeat([0, 1, 3, 10, 100, 1000, 1024, 1025, 5000][random(9)] as number),
    mode: [0o644, 0o600, 0o755, 0o444][random(4)] as number,
    time: epoch + random(5) * 1000 + (random(3) === 0 ? 0.5 : 0),
    target: targets[random(targets.length)] as string,
  }
}

/** What the destination has where the source has `from`; undefined: nothing. */
function counterpart(from: Thing, random: Random): Thing | undefined {
  switch (random(12)) {
    case 0:
    case 1:
      return undefined
    case 2: // Another kind.
      return {
        ...from,
        kind: (['file', 'folder', 'full-folder', 'link'] as const)[random(4)] as Thing['kind'],
      }
    case 3:
      return { ...from, content: `${from.content}y` }
    case 4: // A secret change.
      return { ...from, content: from.content.replaceAll('x', 'z') }
    case 5:
      return { ...from, time: from.time - 500 }
    case 6:
      return { ...from, time: from.time + 1, content: from.content.replaceAll('x', 'z') }
    case 7:
      return { ...from, mode: 0o640 }
    case 8:
      return { ...from, time: Math.floor(from.time) + 0.25 }
    case 9:
      return { ...from, target: 'elsewhere', time: from.time + 7, content: `${from.content}${from.content}` }
    default:
      return from
  }
}

function put(path: string, what: Thing): void {
  if (what.kind === 'file') writeFileSync(path, what.content)
  else if (what.kind === 'link') symlinkSync(what.target, path)
  else if (what.kind === 'fifo') spawnSync('mkfifo', [path])
  else {
    mkdirSync(path)
    if (what.kind === 'full-folder') {
      writeFileSync(join(path, 'inner'), what.content)
      mkdirSync(join(path, 'deep'))
      writeFileSync(join(path, 'deep', 'alpha.txt'), 'deep')
      utimesSync(join(path, 'deep'), what.time, what.time)
    }
  }
  if (what.kind === 'link') lutimesSync(path, what.time, what.time)
  else {
    if (what.kind === 'file') chmodSync(path, what.mode)
    utimesSync(path, what.time, what.time)
  }
}

/** Makes both trees; the same seed always makes the same ones. */
export function makeSyncTrees(seed: number, source: string, destination: string): void {
  const random = createRandom(seed)
  const fill = (folder: string, depth: number, sides: 'both' | 'source' | 'destination'): void => {
    const here = { source: join(source, folder), destination: join(destination, folder) }
    if (sides !== 'destination') mkdirSync(here.source, { recursive: true })
    if (sides !== 'source') mkdirSync(here.destination, { recursive: true })
    const subfolders = depth < 3 ? folderNames.filter(() => random(depth + 3) === 0) : []
    for (const name of subfolders) {
      const roll = random(8)
      const side = sides !== 'both' ? sides : roll === 0 ? 'source' : roll === 1 ? 'destination' : 'both'
      fill(folder === '' ? name : `${folder}/${name}`, depth + 1, side)
    }
    for (const name of names) {
      if (random(2) === 0) continue
      const from = thing(random)
      const to = counterpart(from, random)
      const only = random(8)
      if (sides !== 'destination' && only !== 0) put(join(here.source, name), from)
      if (sides !== 'source' && (sides === 'destination' || only !== 1))
        if (to !== undefined) put(join(here.destination, name), to)
    }
    const time = epoch + random(3) * 100
    if (sides !== 'destination') {
      chmodSync(here.source, random(4) === 0 ? 0o750 : 0o755)
      utimesSync(here.source, time, time)
    }
    if (sides !== 'source') {
      const other = random(2) === 0 ? time : time + 50
      chmodSync(here.destination, 0o755)
      utimesSync(here.destination, other, other)
    }
  }
  fill('', 0, 'both')
}
