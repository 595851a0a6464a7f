/** What `…/progress` answers, as a schema: for the description of the API, and to check events with. */
import * as v from 'valibot'
import type { ProgressEvent } from '../../progress/progress-event.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const text = v.string()

export const progressEventSchema: v.GenericSchema<ProgressEvent> = v.object({
  transferId: text,
  kind: v.picklist(['share', 'receive', 'sync', 'list', 'verify', 'gc']),
  name: text,
  state: v.picklist(['running', 'paused', 'interrupted', 'done', 'failed', 'cancelled']),
  step: text,
  stepNumber: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(6)),
  totalSteps: v.literal(6),
  progress: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)),
  fileCount: count,
  totalSize: text,
  message: text,
  ticket: v.exactOptional(text),
  error: v.exactOptional(text),
  errorCode: v.exactOptional(text),
  hint: v.exactOptional(text),
  timestamp: v.pipe(text, v.isoTimestamp()),
  files: v.object({ done: count, total: count, failed: count, had: count, final: v.boolean() }),
  bytes: v.object({ done: count, total: count, reused: count, transferred: count }),
  rate: count,
  etaSeconds: v.nullable(count),
  peers: count,
})
