/**
 * Sizes, rates and durations, from text and to text. Sizes are shown in SI units (1 MB = 1,000,000 bytes) and read in
 * both: `20M` and `20MB` are SI, `20Mi` and `20MiB` binary.
 */
import { FerryError } from './errors.ts'
import { minBytesPerSecond } from './throttle.ts'

const siUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const

/** `0 B`, `999 B`, `4.2 kB`, `48.2 MB`, `1.10 GB`: two decimals from GB on, where a step is large. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes)
  let unit = 0
  // 999.95 kB would print as "1000.0 kB": carry on what rounds up to a thousand.
  while (unit < siUnits.length - 1 && Number(value.toFixed(decimalsOf(unit))) >= 1000) {
    value /= 1000
    unit++
  }
  return `${value.toFixed(decimalsOf(unit))} ${siUnits[unit]}`
}

function decimalsOf(unit: number): number {
  return unit === 0 ? 0 : unit < 3 ? 1 : 2
}

/** Bytes a second, such as `42.1 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

/** `2.31 of 8.40 GB` when both have one unit, `48.2 MB of 8.40 GB` otherwise. */
export function formatBytesOf(done: number, total: number): string {
  const [doneValue, doneUnit] = formatBytes(done).split(' ')
  const whole = formatBytes(total)
  return whole.endsWith(` ${doneUnit}`) ? `${doneValue} of ${whole}` : `${doneValue} ${doneUnit} of ${whole}`
}

/** `1,530`: thousands with commas, whatever the locale, so that outputs are the same everywhere. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 file`, `2 files`, `1,530 files`. */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `0s`, `42s`, `2m 24s`, `3h 05m`, `4d 02h`: two units at most. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  const pad = (value: number): string => String(value).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m ${pad(seconds % 60)}s`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours}h ${pad(minutes % 60)}m`
  return `${Math.floor(hours / 24)}d ${pad(hours % 24)}h`
}

/** Time that something took, with a decimal while it is short: `0.4 s`, `14.2 s`, `3m 21s`. */
export function formatElapsed(ms: number): string {
  return ms < 59_950 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : formatDuration(ms)
}

const sizePattern = /^(\d+(?:\.\d+)?)\s*([kmgtpe]?)(i?)b?$/i

/**
 * Bytes from `4096`, `20k`, `20M`, `1.5GB` (SI) or `20Mi`, `1MiB` (binary).
 * @throws E_USAGE when it is not a size or above 2^53 − 1.
 */
export function parseSize(text: string): number {
  const match = sizePattern.exec(text.trim())
  const power = 'kmgtpe'.indexOf((match?.[2] ?? '').toLowerCase() || '-') + 1
  const binary = match?.[3] !== ''
  const bytes = match ? Math.round(Number(match[1]) * (binary ? 1024 : 1000) ** power) : Number.NaN
  if (!match || (binary && power === 0) || !Number.isSafeInteger(bytes)) {
    throw new FerryError('E_USAGE', `Cannot read "${text}" as a size`, {
      hint: 'write it like 500k, 20M or 1.5G (SI), or 20Mi (binary)',
    })
  }
  return bytes
}

/**
 * Bytes a second from a size with or without `/s`: `20M`, `20MB/s`.
 * @throws E_USAGE when it is not a rate.
 */
export function parseRate(text: string): number {
  return parseSize(text.trim().replace(/\/s$/i, ''))
}

/**
 * Bytes a second as rsync's `--bwlimit` has them: a plain number is KiB, `K`, `M`, `G` are binary (`KB`, `MB`, `GB` are
 * not), and 0 is no limit, which gives undefined.
 * @throws E_USAGE when it is not a rate, or slower than 4 KiB a second.
 */
export function parseBandwidth(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(b|ib)?)?(?:\/s)?$/i.exec(text.trim())
  const power = 'kmgt'.indexOf((match?.[2] ?? 'k').toLowerCase()) + 1
  const base = match?.[3]?.toLowerCase() === 'b' ? 1000 : 1024
  const rate = match ? Math.round(Number(match[1]) * base ** power) : Number.NaN
  if (rate === 0) return undefined
  if (rate >= minBytesPerSecond && Number.isSafeInteger(rate)) return rate
  throw new FerryError('E_USAGE', `Cannot use "${text.slice(0, 40)}" as a limit of the rate`, {
    hint: 'write it like 500 (KiB a second), 2M or 1.5MB, at least 4; 0 is no limit',
  })
}

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
/** setTimeout takes 2^31 − 1 ms; a longer wait is a typing error anyway for everything but an expiry, in years. */
const maxDurationMs = 100 * 365 * 86_400_000

/**
 * Milliseconds from `30s`, `5m`, `24h`, `7d`, `1h30m`, or plain seconds such as `90`.
 * @throws E_USAGE when it is not a duration, is zero, or above 100 years.
 */
export function parseDuration(text: string): number {
  const value = text.trim().toLowerCase()
  let ms = Number.NaN
  if (/^\d+(\.\d+)?$/.test(value)) ms = Number(value) * 1000
  else if (/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(value)) {
    ms = 0
    for (const [, count, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
      ms += Number(count) * (unitMs[unit as string] as number)
    }
  }
  if (!(ms > 0 && ms <= maxDurationMs)) {
    throw new FerryError('E_USAGE', `Cannot read "${text}" as a duration`, {
      hint: 'write it like 30s, 5m, 24h, 7d or 1h30m',
    })
  }
  return Math.round(ms)
}
