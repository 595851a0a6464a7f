/**
 * Keeps V8 from clearing up all the time while content passes through. Buffers of content die young and lie outside of
 * its heap. V8 counts them against a limit that follows the size of the heap, which is small here: with every few MiB of
 * them it looks through all of the heap, in threads of its own, and a fast transfer spends two fifths of its processor
 * time on that. So the limit is set far off while the heap is small, and the young generation is cleared here, which
 * takes a millisecond and finds nearly all of them.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const MiB = 1024 * 1024

/** Buffers that lie dead at most. */
const deadBytesAtOnce: number = 10 * MiB
/** The limit is so many percent above what was alive. Left as it is where that would be more than some 200 MiB. */
const smallHeapGrowth = 800
const smallHeapBytes: number = 24 * MiB

/** Smaller ones may be of a pool, and are soon found. */
const leastGivenBack: number = 64 * 1024

/** Of node --expose-gc. */
type Collect = (options: { readonly type: 'minor'; readonly execution: 'sync' }) => void

let collect: Collect | undefined
let deadBytes = 0
let isRoomy = false

/** Says that buffers with so many bytes in all are not used any more. Cheap: it may be told of every request. */
export function countDeadBuffers(bytes: number): void {
  deadBytes += bytes
  if (deadBytes < deadBytesAtOnce) return
  deadBytes = 0
  const isSmall = getHeapStatistics().used_heap_size < smallHeapBytes
  if (isRoomy !== isSmall) setGrowth(isSmall ? smallHeapGrowth : 0)
  isRoomy = isSmall
  collect ??= takeCollector()
  collect({ type: 'minor', execution: 'sync' })
}

/**
 * Frees the memory of `bytes`, which nobody may use any more: large buffers live long enough to count as old, and would
 * lie there until the whole heap is looked through. A view of a part of something is left alone.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength >= leastGivenBack)
    buffer.transfer(0)
}

/** For what remembers the flags of V8, as compiled code does: it would be good for none of the next processes. */
export function withUsualLimits(run: () => void): void {
  if (isRoomy) setGrowth(0)
  run()
  if (isRoomy) setGrowth(smallHeapGrowth)
}

function setGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}

function takeCollector(): Collect {
  setFlagsFromString('--expose-gc')
  try {
    return runInNewContext('gc') as Collect
  } finally {
    setFlagsFromString('--no-expose-gc')
  }
}
