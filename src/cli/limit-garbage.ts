/**
 * Buffers of content die young, and hold memory that V8 does not count when it decides how seldom to clear up: with the
 * young generation that a start leaves behind, a receive keeps 200 MiB of dead ones. `limitGarbage` makes it as small as
 * it can be, for good, in about 30 ms.
 *
 * Only when memory gets short: less room means more collections, which cost up to a tenth of a transfer. And a changed
 * flag makes V8 refuse the compiled code that comes with Node; whatever is loaded of Node's own modules afterwards, in
 * any thread, is compiled anew. At a start that is 40 ms of processor time, and 10 for each thread.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Of node --expose-gc. Only the last resort gives back what the young generation does not use. */
type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

export function limitGarbage(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
