import assert from 'node:assert/strict'
import { closeSync, lstatSync, mkdtempSync, openSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { setFileTimes, setPathTimes } from '../../src/blobs/native-times.ts'

const exact = process.platform === 'linux' && process.arch === 'x64'

test('setFileTimes and setPathTimes keep every nanosecond', {
  skip: !exact && 'needs a native binary',
}, () => {
  const directory = mkdtempSync(join(tmpdir(), 'ferry-times-'))
  try {
    const file = join(directory, 'file')
    const link = join(directory, 'link')
    const fd = openSync(file, 'w')
    symlinkSync('file', link)
    for (const mtimeNs of [
      0n,
      1n,
      1_763_683_200_123_456_789n,
      -1n,
      -5_000_000_001n,
      4_102_444_800_999_999_999n,
    ]) {
      setFileTimes(fd, mtimeNs)
      assert.equal(statSync(file, { bigint: true }).mtimeNs, mtimeNs)
      setPathTimes(link, mtimeNs + 7n)
      assert.equal(lstatSync(link, { bigint: true }).mtimeNs, mtimeNs + 7n)
      assert.equal(statSync(file, { bigint: true }).mtimeNs, mtimeNs)
    }
    closeSync(fd)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
