/** The thread of one walk: gives the next batch each time it is asked, so that it never runs far ahead. */
import { parentPort, workerData } from 'node:worker_threads'
import { packError } from '../worker/packed-error.ts'
import { walkTree, type WalkOptions, type WalkRoot } from './walk-tree.ts'
import type { WalkReply } from './walk.ts'

/** Items of one message: enough to make its cost small, few enough to fill the workers soon. */
const batchItems = 512

const { roots, options } = workerData as { roots: readonly WalkRoot[]; options: WalkOptions }
const batches = walkTree(roots, options, batchItems)

parentPort?.on('message', () => {
  try {
    const { value: packed, done } = batches.next()
    const reply: WalkReply = { packed: done ? undefined : packed }
    parentPort?.postMessage(reply, packed ? [packed.numbers.buffer] : [])
  } catch (error) {
    const reply: WalkReply = { error: packError(error, 'Cannot walk what is to be shared') }
    parentPort?.postMessage(reply)
  }
})
