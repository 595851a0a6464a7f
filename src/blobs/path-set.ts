/**
 * A set of paths that keeps 96 bits of each, 17 to 34 bytes a path instead of a text: for what may be millions. Two of a
 * million paths are taken for one about once in 10^17 times. The hash is seeded, so nobody can choose paths that are.
 */
import { createHashTable } from './hash-table.ts'

export interface PathSet {
  readonly size: number
  has(path: string): boolean
  /** True when it was not there. */
  add(path: string): boolean
}

export function createPathSet(): PathSet {
  const table = createHashTable()
  const seeds = crypto.getRandomValues(new Uint32Array(3))
  /** The hash of the path asked for last. */
  let first = 0
  let second = 0
  let third = 0
  const hash = (path: string): void => {
    let a = seeds[0] as number
    let b = seeds[1] as number
    let c = seeds[2] as number
    for (let index = 0; index < path.length; index++) {
      const unit = path.charCodeAt(index)
      // Odd constants of known generators; the shifts carry high bits down, where the next product spreads them.
      a = Math.imul(a ^ unit ^ (a >>> 15), 0x85ebca6b)
      b = Math.imul(b ^ unit ^ (b >>> 13), 0xc2b2ae35)
      c = Math.imul(c ^ unit ^ (c >>> 16), 0x9e3779b1)
    }
    first = a >>> 0
    second = b >>> 0
    // The table takes values below 2^32 − 1.
    third = c >>> 1
  }
  return {
    get size() {
      return table.size
    },
    has(path) {
      hash(path)
      return table.get(first, second) === third
    },
    add(path) {
      hash(path)
      return table.add(first, second, third) !== third
    },
  }
}
