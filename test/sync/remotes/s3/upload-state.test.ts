import assert from 'node:assert/strict'
import test from 'node:test'
import { openUploadState, type UploadState } from '../../../../src/sync/remotes/s3/upload-state.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

test('openUploadState: two uploads of one key at once in one process leave one of their states, whole', async () => {
  await using folder = temporaryFolder()
  const states = Array.from(
    { length: 16 },
    (_, index): UploadState => ({
      uploadId: `${index}`.repeat(1 + 400 * (index % 3)),
      mark: 'mark',
      partBytes: 1,
      identity: 'identity',
      size: index,
      startedAtMs: 0,
    }),
  )
  const open = () => openUploadState(folder.path, 'place', 'key')
  await Promise.all(states.map((state) => open().write(state)))
  const left = await open().read()
  assert.ok(left)
  assert.deepEqual(left, states[left.size])
})
