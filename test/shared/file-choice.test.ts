import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFileChoice } from '../../src/shared/file-choice.ts'

test('createFileChoice: without anything named all files are done', () => {
  const files = createFileChoice()
  assert.deepEqual([files.isChosen('a/b'), files.isLeftOut('a/b'), files.isWhole], [true, false, true])
  assert.deepEqual(files.unmet(), [])
})

test('createFileChoice: names are taken exactly, a folder stands for what is in it, and folders on the way count', () => {
  const files = createFileChoice({ only: ['a/[x]*.txt', 'b/', './c/d'] })
  const asked = ['a', 'a/[x]*.txt', 'a/x1.txt', 'b', 'b/deep/er', 'bb', 'c', 'c/d', 'c/e']
  assert.deepEqual(
    asked.filter((path) => files.isChosen(path)),
    ['a', 'a/[x]*.txt', 'b', 'b/deep/er', 'c', 'c/d'],
  )
  assert.deepEqual([files.isChosenWhole('a'), files.isChosenWhole('b/deep')], [false, true])
  assert.equal(files.isWhole, false)
  assert.deepEqual(files.unmet(), [])
})

test('createFileChoice: leaving out stops the files under way, and no others', () => {
  const files = createFileChoice({ leftOut: [{ path: 'old', partial: 'delete' }] })
  const job = new AbortController()
  using one = files.watch(['a/1', 'a/2'], job.signal)
  using other = files.watch(['b/1'], job.signal)
  using early = files.watch(['old/x'], job.signal)
  assert.equal(early.isLeftOut, true)
  files.leaveOut([{ path: 'a/2' }, { path: 'nowhere' }])
  assert.deepEqual([one.signal.aborted, one.isLeftOut, other.signal.aborted], [true, true, false])
  assert.deepEqual([files.deletesPart('old/x'), files.deletesPart('a/2')], [true, false])
  assert.deepEqual(files.unmet(), ['nowhere'])
  job.abort()
  // That is the end of the job, and not of the file.
  assert.deepEqual([other.signal.aborted, other.isLeftOut], [true, false])
})
