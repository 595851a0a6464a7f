/** What requests may say, as schemas: they check the requests, and the description of the API is made out of them. */
import * as v from 'valibot'
import type {
  CancelFilesOptions,
  CancelOptions,
  FileSelection,
  HistoryOptions,
  JobSpec,
  Limits,
  ShareSpec,
  SyncSpec,
} from '../../jobs/engine-types.ts'
import { minBytesPerSecond } from '../../shared/throttle.ts'
import { maxPathChars, maxPaths, maxTextChars } from '../limits.ts'

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(maxTextChars))
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(maxPathChars))
const paths = v.pipe(v.array(path), v.minLength(1), v.maxLength(maxPaths))
const patterns = v.pipe(v.array(text), v.maxLength(maxPaths))
const jobs = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64))
const flag = v.optional(v.boolean())
const size = v.pipe(v.number(), v.integer(), v.minValue(0))
const durationMs = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100 * 365 * 86_400_000))

export const limitsSchema: v.GenericSchema<Limits> = v.strictObject({
  bytesPerSecond: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(minBytesPerSecond))),
})

const shareFields = {
  paths,
  options: v.optional(
    v.strictObject({
      name: v.optional(text),
      once: v.optional(v.boolean()),
      expireMs: v.optional(durationMs),
      allow: v.optional(patterns),
      include: v.optional(patterns),
      exclude: v.optional(patterns),
      gitignore: v.optional(v.boolean()),
      followSymlinks: v.optional(v.boolean()),
      expand: v.optional(v.boolean()),
      jobs: v.optional(jobs),
      pin: v.optional(v.boolean()),
      fresh: v.optional(v.boolean()),
    }),
  ),
  limits: v.optional(limitsSchema),
}

const receiveFields = {
  ticket: path,
  into: path,
  options: v.optional(
    v.strictObject({
      order: v.optional(v.picklist(['size-desc', 'size-asc', 'name', 'mtime'])),
      overwrite: v.optional(v.picklist(['never', 'always', 'newer', 'rename'])),
      safeLinks: v.optional(v.boolean()),
      only: v.optional(patterns),
      jobs: v.optional(jobs),
      timeoutMs: v.optional(durationMs),
      wait: v.optional(v.boolean()),
      seed: v.optional(v.boolean()),
      as: v.optional(v.picklist(['zip', 'tar'])),
    }),
  ),
  limits: v.optional(limitsSchema),
}

const syncFields = {
  from: path,
  to: path,
  options: v.optional(
    v.strictObject({
      recursive: flag,
      links: flag,
      perms: flag,
      times: flag,
      copyLinks: flag,
      oneFileSystem: flag,
      dryRun: flag,
      checksum: flag,
      sizeOnly: flag,
      update: flag,
      ignoreExisting: flag,
      existing: flag,
      modifyWindow: v.optional(v.number()),
      maxSize: v.optional(size),
      minSize: v.optional(size),
      delete: flag,
      maxDelete: v.optional(size),
      wholeFile: flag,
      deltaThreshold: v.optional(size),
      blockSize: v.optional(size),
      jobs: v.optional(jobs),
      backup: flag,
      backupDir: v.optional(path),
      suffix: v.optional(v.pipe(v.string(), v.maxLength(maxTextChars))),
      partial: flag,
      failOnConflict: flag,
      sidecar: flag,
      rules: v.optional(
        v.pipe(
          v.array(
            v.strictObject({
              kind: v.picklist(['include', 'exclude']),
              pattern: text,
              from: v.optional(v.string()),
            }),
          ),
          v.maxLength(maxPaths),
        ),
      ),
      filesFrom: v.optional(v.pipe(v.array(path), v.maxLength(maxPaths))),
      abortStale: flag,
      s3: v.optional(
        v.strictObject({
          endpoint: v.optional(text),
          region: v.optional(text),
          profile: v.optional(text),
          storageClass: v.optional(text),
        }),
      ),
    }),
  ),
  limits: v.optional(limitsSchema),
}

export const shareSchema: v.GenericSchema<Omit<ShareSpec, 'kind'>> = v.strictObject(shareFields)
export const syncSchema: v.GenericSchema<Omit<SyncSpec, 'kind'>> = v.strictObject(syncFields)
export const jobSpecSchema: v.GenericSchema<JobSpec> = v.variant('kind', [
  v.strictObject({ kind: v.literal('share'), ...shareFields }),
  v.strictObject({ kind: v.literal('receive'), ...receiveFields }),
  v.strictObject({ kind: v.literal('sync'), ...syncFields }),
])

export const emptySchema: v.GenericSchema<object> = v.strictObject({})
export const cancelSchema: v.GenericSchema<CancelOptions> = v.strictObject({
  partial: v.optional(v.picklist(['keep', 'delete'])),
})
export const cancelFilesSchema: v.GenericSchema<CancelFilesOptions> = v.strictObject({
  paths,
  partial: v.optional(v.picklist(['keep', 'delete'])),
})
export const filesSchema: v.GenericSchema<FileSelection> = v.strictObject({ paths: v.optional(paths) })

/** Of `GET /history`, as query. */
export const historySchema: v.GenericSchema<object, HistoryOptions> = v.strictObject({
  limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,4}$/), v.transform(Number))),
  beforeMs: v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number))),
})

/** A failure (RFC 9457). */
export const problemSchema: v.GenericSchema<object> = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.string(),
  hint: v.optional(v.string()),
})
