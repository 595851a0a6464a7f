/** The thread of one walk: gives the next batch each time it is asked, so that it never runs far ahead. */
import { parentPort, workerData } from 'node:worker_threads'
import { packError } from '../worker/packed-error.ts'
import { packWalk } from './walk-batch.ts'
import { walkTree, type WalkItem, type WalkOptions, type WalkRoot } from './walk-tree.ts'
import type { WalkReply } from './walk.ts'

/** Items of one message: enough to make its cost small, few enough to fill the workers soon. */
const batchItems = 512

const { roots, options } = workerData as { roots: readonly WalkRoot[]; options: WalkOptions }
const items = walkTree(roots, options)

function nextBatch(): WalkItem[] {
  const batch: WalkItem[] = []
  while (batch.length < batchItems) {
    const { value, done } = items.next()
    if (done) break
    batch.push(value)
  }
  return batch
}

parentPort?.on('message', () => {
  let reply: WalkReply
  try {
    const batch = nextBatch()
    reply = { packed: packWalk(batch), last: batch.length < batchItems }
    parentPort?.postMessage(reply, [reply.packed.numbers.buffer])
  } catch (error) {
    reply = { error: packError(error, 'Cannot walk what is to be shared') }
    parentPort?.postMessage(reply)
  }
})
