import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FerryError } from '../../src/shared/errors.ts'
import {
  formatBytes,
  formatBytesOf,
  formatCount,
  formatDuration,
  formatElapsed,
  parseBandwidth,
  parseDuration,
  parseRate,
  parseSize,
} from '../../src/shared/units.ts'

test('formatBytes: SI units, never four digits before the point', () => {
  const table: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [4200, '4.2 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [48_200_000, '48.2 MB'],
    [999_990_000, '1.00 GB'],
    [8_401_239_112, '8.40 GB'],
    [412_000_000_000, '412.00 GB'],
    [Number.MAX_SAFE_INTEGER, '9.01 PB'],
    [-5, '0 B'],
  ]
  for (const [bytes, text] of table) assert.equal(formatBytes(bytes), text)
  assert.equal(formatBytesOf(2_310_000_000, 8_400_000_000), '2.31 of 8.40 GB')
  assert.equal(formatBytesOf(48_200_000, 8_400_000_000), '48.2 MB of 8.40 GB')
  assert.equal(formatCount(1530), '1,530')
  assert.equal(formatCount(1_234_567), '1,234,567')
  assert.equal(formatCount(999), '999')
})

test('formatDuration and formatElapsed: two units at most', () => {
  const table: [number, string][] = [
    [0, '0s'],
    [59_499, '59s'],
    [59_500, '1m 00s'],
    [144_000, '2m 24s'],
    [11_100_000, '3h 05m'],
    [352_800_000, '4d 02h'],
  ]
  for (const [ms, text] of table) assert.equal(formatDuration(ms), text)
  assert.equal(formatElapsed(14_230), '14.2 s')
  assert.equal(formatElapsed(59_960), '1m 00s')
})

test('parseSize: SI and binary; everything else is a usage error', () => {
  const table: [string, number][] = [
    ['0', 0],
    ['4096', 4096],
    ['20k', 20_000],
    ['20M', 20_000_000],
    ['20MB', 20_000_000],
    ['20Mi', 20 * 2 ** 20],
    ['1.5 GiB', 1.5 * 2 ** 30],
  ]
  for (const [text, bytes] of table) assert.equal(parseSize(text), bytes)
  assert.equal(parseRate('20MB/s'), 20_000_000)
  for (const text of ['', 'x', '-1', '1i', '1e9', '20 Mo', '99999E', 'NaN', '0x10']) {
    assert.throws(
      () => parseSize(text),
      (error) => error instanceof FerryError && error.code === 'E_USAGE',
      text,
    )
  }
})

test('parseDuration: units, sums, plain seconds; zero and nonsense are usage errors', () => {
  const table: [string, number][] = [
    ['90', 90_000],
    ['0.5', 500],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ]
  for (const [text, ms] of table) assert.equal(parseDuration(text), ms)
  for (const text of ['', '0', '0s', '-5m', '5 minutes', 'h', '1y', '9999999w', '1e3']) {
    assert.throws(
      () => parseDuration(text),
      (error) => error instanceof FerryError && error.code === 'E_USAGE',
      text,
    )
  }
})

test("parseBandwidth: rsync's units, 0 is no limit, and what no link survives is refused", () => {
  for (const [text, rate] of [
    ['1000', 1_024_000],
    ['4', 4096],
    ['1.5m', 1_572_864],
    ['2MB', 2_000_000],
    ['2MiB/s', 2_097_152],
    ['0', undefined],
    ['0.0', undefined],
  ] as const)
    assert.equal(parseBandwidth(text), rate, text)
  for (const text of ['', '3', '-1', 'fast', '1e9', '99999999999G', '10B'])
    assert.throws(() => parseBandwidth(text), { code: 'E_USAGE' }, text)
})
