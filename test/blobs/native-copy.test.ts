/** Copying of ranges, where the system does it and, between file systems, where it declines. */
import assert from 'node:assert/strict'
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { cloneFile, copyRange } from '../../src/blobs/native-copy.ts'
import { createRandomBytes } from '../support/random-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const size = 3_000_000

const elsewhere = existsSync('/dev/shm') ? '/dev/shm' : undefined

for (const [title, parent] of [
  ['within one file system', undefined],
  ['between two', elsewhere],
] as const)
  test(`copyRange: any range to any place, ${title}`, async () => {
    await using folder = temporaryFolder()
    await using target = temporaryFolder(parent)
    const bytes = createRandomBytes('copy')(size)
    writeFileSync(folder.at('from'), bytes)
    const from = openSync(folder.at('from'), 'r')
    try {
      for (const [offset, length] of [
        [0, size],
        [1, size - 1],
        [4096, 65_536],
        [1_234_567, 1_234_567],
        [7, 0],
      ] as const) {
        const to = openSync(target.at('to'), 'w')
        try {
          assert.equal(copyRange({ from, offset, to, at: 0, length }), true)
          assert.equal(copyRange({ from, offset, to, at: length, length }), true)
        } finally {
          closeSync(to)
        }
        const range = bytes.subarray(offset, offset + length)
        assert.equal(Buffer.compare(readFileSync(target.at('to')), Buffer.concat([range, range])), 0)
      }
    } finally {
      closeSync(from)
    }
  })

test('copyRange: holes come out as zeros, also at the end, and a file that is too short is told', async () => {
  await using folder = temporaryFolder()
  writeFileSync(folder.at('from'), 'front')
  const from = openSync(folder.at('from'), 'r+')
  const to = openSync(folder.at('to'), 'w+')
  try {
    ftruncateSync(from, 1_000_000)
    assert.equal(copyRange({ from, offset: 2, to, at: 0, length: 999_998 }), true)
    const copied = readFileSync(folder.at('to'))
    assert.equal(copied.byteLength, 999_998)
    assert.equal(copied.subarray(0, 3).toString(), 'ont')
    assert.equal(
      copied.subarray(3).every((byte) => byte === 0),
      true,
    )
    assert.equal(copyRange({ from, offset: 999_990, to, at: 0, length: 20 }), false)
  } finally {
    closeSync(from)
    closeSync(to)
  }
})

test('cloneFile: makes a whole copy, or says that it cannot', async () => {
  await using folder = temporaryFolder()
  writeFileSync(folder.at('from'), 'content')
  const from = openSync(folder.at('from'), 'r')
  const to = openSync(folder.at('to'), 'w')
  try {
    const isCloned = cloneFile(from, to)
    assert.equal(readFileSync(folder.at('to'), 'utf8'), isCloned ? 'content' : '')
  } finally {
    closeSync(from)
    closeSync(to)
  }
})
