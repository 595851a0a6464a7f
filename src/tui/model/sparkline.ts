/** A curve of rates in one or two rows of block characters. Pure. */

const levels = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/**
 * The newest `cells` values as `rows` lines, the highest value as high as all rows. Anything above 0 is visible; before the
 * first value it is blank.
 */
export function sparkline(values: readonly number[], cells: number, rows: 1 | 2 = 1): string[] {
  const shown = values.slice(-Math.max(0, cells))
  const peak = Math.max(0, ...shown)
  const steps = rows * 8
  const heights = shown.map((value) =>
    value <= 0 || peak <= 0 ? 0 : Math.max(1, Math.round((value / peak) * steps)),
  )
  const blank = ' '.repeat(Math.max(0, cells - shown.length))
  return Array.from({ length: rows }, (_, row) => {
    const below = (rows - 1 - row) * 8
    return (
      blank +
      heights
        .map((height) => {
          const level = Math.min(8, Math.max(0, height - below))
          return row === rows - 1 && level === 0 ? '▁' : (levels[level] as string)
        })
        .join('')
    )
  })
}
