/** What the settings of sync come to in the journey, and that the last word on the command line takes them back. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { run } from '../../../src/cli/run.ts'
import { createFerry } from '../../../src/jobs/ferry.ts'
import type { SyncOptions } from '../../../src/jobs/sync/types.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { createFakeIo } from '../../support/fake-io.ts'
import { fakeJourneys } from '../../support/fake-journeys.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function setStage() {
  const folder = temporaryFolder()
  mkdirSync(folder.at('project'))
  return {
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    user: (text: string) => writeFileSync(folder.at('config.toml'), text, { mode: 0o600 }),
    project: (text: string) => writeFileSync(folder.at('project', '.ferry.toml'), text, { mode: 0o644 }),
    async sync(words: readonly string[], env: Record<string, string> = {}) {
      let options: SyncOptions | undefined
      const io = createFakeIo({ env: { FERRY_HOME: folder.path, ...env }, cwd: folder.at('project') })
      const code = await run(['sync', ...words, 'a', 'b'], '1', io, {
        createFerry: (ferryOptions) =>
          createFerry(
            ferryOptions,
            fakeJourneys({
              sync: async (_from, _to, given) => {
                options = given
                throw new FerryError('E_CANCELLED', 'enough seen')
              },
            }),
          ),
      })
      return { code, options: options as SyncOptions, ...io.written }
    },
  }
}

const everything = `[sync]
jobs = 3
bwlimit = "20MB/s"
delta_threshold = "1MiB"
block_size = "64KiB"
whole_file = true
exclude = ["*.user"]
max_size = "1GB"
min_size = 10
checksum = true
fail_on_conflict = true
one_file_system = true
modify_window = 2
dry_run = true
delete = true
max_delete = 7
backup = true
backup_dir = "old"
sidecar = false
[remote.box]
type = "sftp"
host = "h"
`

test('sync: every setting reaches the journey', async () => {
  await using stage = setStage()
  stage.user(everything)
  stage.project('[sync]\nexclude = ["*.project"]\njobs = 4\n')
  const { options } = await stage.sync(['--exclude', '*.cli', '--include', 'x'])
  const { jobs, bytesPerSecond, deltaThreshold, blockSize, wholeFile, maxSize, minSize, checksum } = options
  assert.deepEqual(
    { jobs, bytesPerSecond, deltaThreshold, blockSize, wholeFile, maxSize, minSize, checksum },
    {
      jobs: 4,
      bytesPerSecond: 20e6,
      deltaThreshold: 1_048_576,
      blockSize: 65_536,
      wholeFile: true,
      maxSize: 1e9,
      minSize: 10,
      checksum: true,
    },
  )
  const { failOnConflict, oneFileSystem, modifyWindow, dryRun, maxDelete, backup, backupDir, sidecar } =
    options
  assert.deepEqual(
    { failOnConflict, oneFileSystem, modifyWindow, dryRun, maxDelete, backup, backupDir, sidecar },
    {
      failOnConflict: true,
      oneFileSystem: true,
      modifyWindow: 2,
      dryRun: true,
      maxDelete: 7,
      backup: true,
      backupDir: 'old',
      sidecar: false,
    },
  )
  assert.equal(options.delete, true)
  assert.deepEqual(
    options.rules?.map(({ kind, pattern }) => `${kind} ${pattern}`),
    ['exclude *.cli', 'include x', 'exclude *.project', 'exclude *.user'],
  )
  assert.deepEqual([...(options.remotes?.keys() ?? [])], ['box'])
})

test('sync: the command line takes settings back', async () => {
  await using stage = setStage()
  stage.user(everything)
  const { options } = await stage.sync(
    '-j 5 --bwlimit 0 --delta-threshold 5M -B 1M --no-W --max-size 5 --no-c --no-x --no-n --no-delete --no-b --no-fail-on-conflict'.split(
      ' ',
    ),
    { FERRY_JOBS: '9', FERRY_BWLIMIT: '500' },
  )
  const { jobs, bytesPerSecond, deltaThreshold, blockSize, wholeFile, maxSize } = options
  assert.deepEqual(
    { jobs, bytesPerSecond, deltaThreshold, blockSize, wholeFile, maxSize },
    {
      jobs: 5,
      bytesPerSecond: undefined,
      deltaThreshold: 5_242_880,
      blockSize: 1_048_576,
      wholeFile: false,
      maxSize: 5,
    },
  )
  const { checksum, oneFileSystem, dryRun, backup, failOnConflict } = options
  assert.deepEqual(
    [checksum, oneFileSystem, dryRun, backup, failOnConflict, options.delete],
    Array(6).fill(false),
  )
  const environment = await stage.sync([], {
    FERRY_JOBS: '9',
    FERRY_BWLIMIT: '500',
    FERRY_DELTA_THRESHOLD: '2MiB',
  })
  assert.deepEqual(
    [environment.options.jobs, environment.options.bytesPerSecond, environment.options.deltaThreshold],
    [9, 512_000, 2_097_152],
  )
})

test('sync: a project file cannot delete, nor take back what the user asked for', async () => {
  await using stage = setStage()
  for (const [line, reason] of [
    ['delete = true', /sync\.delete may not be set in a project file/],
    ['dry_run = false', /sync\.dry_run may not be set/],
    ['max_delete = 9', /sync\.max_delete may not be set/],
    ['backup_dir = "x"', /may not be set/],
    ['checksum = false', /sync\.checksum may only be true in a project file/],
    ['fail_on_conflict = false', /may only be true/],
  ] as const) {
    stage.project(`[sync]\n${line}\n`)
    const { code, err } = await stage.sync([])
    assert.equal(code, 2)
    assert.match(err, reason)
    assert.match(err, /\.ferry\.toml:2/)
  }
})

test('sync: options of S3, and no secret in them', async () => {
  await using stage = setStage()
  const { options } = await stage.sync(
    '--s3-provider hetzner --s3-region fsn1 --s3-profile me --storage-class STANDARD_IA'.split(' '),
  )
  assert.deepEqual(options.s3, {
    endpoint: 'https://fsn1.your-objectstorage.com',
    region: 'fsn1',
    profile: 'me',
    storageClass: 'STANDARD_IA',
  })
  const r2 = await stage.sync('--s3-provider cloudflare --s3-account abc123'.split(' '))
  assert.deepEqual(
    [r2.options.s3?.endpoint, r2.options.s3?.region],
    ['https://abc123.r2.cloudflarestorage.com', 'auto'],
  )
  for (const words of [
    ['--s3-provider', 'wasabi'],
    ['--s3-provider', 'nobody'],
    ['--s3-endpoint', 'https://me:CANARY@h'],
    ['--s3-endpoint', 'CANARY'],
    ['--s3-secret-key=CANARY'],
    ['--password', 'CANARY'],
    ['--storage-class', 'COLD'],
  ]) {
    const { code, out, err } = await stage.sync([...words, '-vv'])
    assert.equal(code, 2, words.join(' '))
    assert.doesNotMatch(out + err, /CANARY/)
  }
})
