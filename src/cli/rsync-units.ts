/** Sizes as rsync reads them: `K` is 1024, `KB` is 1000, and `+1` or `-1` may stand behind. */
import { FerryError } from '../shared/errors.ts'

const pattern = /^(\d+(?:\.\d+)?)([bkmgtp]?)(i?b)?([+-]1)?$/i

/**
 * Bytes; without a letter in `unit` (`B` or `K`).
 * @throws E_USAGE when it is no size
 */
export function parseRsyncSize(text: string, unit: 'B' | 'K' = 'B'): number {
  const [, digits, letter, ending = '', off = '0'] = pattern.exec(text.trim()) ?? []
  const power = 'bkmgtp'.indexOf((letter || unit).toLowerCase())
  const isDecimal = ending.toLowerCase() === 'b' && (letter ?? '') !== ''
  const bytes = Math.floor(Number(digits) * (isDecimal ? 1000 : 1024) ** power) + Number(off)
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw new FerryError('E_USAGE', `Cannot read "${text.slice(0, 40)}" as a size`, {
      hint: 'write it like 500, 10K (10,240), 10KB (10,000) or 1.5G',
    })
  return bytes
}

/** @throws E_USAGE when it is not a whole number from `least` on */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const count = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(count >= least))
      throw new FerryError('E_USAGE', `Cannot use "${text.slice(0, 40)}" as a number here`)
    return count
  }
}
