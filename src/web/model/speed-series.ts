/** The speeds of the last minutes, and the line that a graph draws of them. Pure. */

export interface SpeedSample {
  readonly atMs: number
  /** Bytes a second. */
  readonly rate: number
}

export type SpeedSeries = readonly SpeedSample[]

/** What a graph shows. */
export const seriesWindowMs: number = 3 * 60_000

/** Adds a sample and lets go of those that are too old. */
export function addSample(series: SpeedSeries, sample: SpeedSample): SpeedSeries {
  const oldest = sample.atMs - seriesWindowMs
  // One older sample stays, so that the line begins at the edge.
  const first = series.findIndex(({ atMs }) => atMs >= oldest)
  return [...(first < 0 ? [] : series.slice(Math.max(0, first - 1))), sample]
}

/** A round figure at or above `rate`, for the top of a graph: 1, 2 or 5 times a power of ten. */
export function niceCeiling(rate: number): number {
  if (rate <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(rate))
  for (const factor of [1, 2, 5]) if (rate <= factor * power) return factor * power
  return 10 * power
}

/** Speed at the top edge of a graph of all these. */
export function topOf(all: readonly SpeedSeries[]): number {
  return niceCeiling(Math.max(0, ...all.flatMap((series) => series.map(({ rate }) => rate))))
}

/** A graph of what has just begun is not stretched over the whole window. */
const shortestSpanMs = 30_000

/** The time that a graph of all these shows, a multiple of 30 s. */
export function spanOf(all: readonly SpeedSeries[], nowMs: number): number {
  const oldest = Math.min(nowMs, ...all.map(([first]) => first?.atMs ?? nowMs))
  const span = Math.ceil((nowMs - oldest) / shortestSpanMs) * shortestSpanMs
  return Math.min(seriesWindowMs, Math.max(shortestSpanMs, span))
}

export interface GraphFrame {
  /** The present, at the right edge. */
  readonly nowMs: number
  readonly spanMs: number
  readonly width: number
  readonly height: number
  /** Bytes a second at the top edge. */
  readonly top: number
}

export interface GraphLine {
  /** For the attribute `d` of a path; empty with fewer than two samples. */
  readonly line: string
  /** The same, closed along the bottom. */
  readonly area: string
}

export function graphOf(series: SpeedSeries, { nowMs, spanMs, width, height, top }: GraphFrame): GraphLine {
  if (series.length < 2) return { line: '', area: '' }
  const points = series.map(({ atMs, rate }) => {
    const x = width - ((nowMs - atMs) * width) / spanMs
    const y = height - (Math.max(0, rate) * height) / top
    return [Math.min(width, Math.max(0, x)), y] as const
  })
  const line = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${cut(x)} ${cut(y)}`).join('')
  const left = points[0]?.[0] ?? 0
  const right = points.at(-1)?.[0] ?? 0
  return { line, area: `${line}L${cut(right)} ${height}L${cut(left)} ${height}Z` }
}

const cut = (value: number): number => Math.round(value * 10) / 10
