/** What cannot be opened, and what the user is told (99 of the list of faults). */
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { FerryError } from '../../../../src/shared/errors.ts'
import type { S3Location } from '../../../../src/sync/location.ts'
import { defaultTuning } from '../../../../src/sync/remotes/s3/limits.ts'
import { openS3Remote } from '../../../../src/sync/remotes/s3/open.ts'
import { environmentOf, testBucket } from '../../../support/s3/open-s3.ts'
import { startS3 } from '../../../support/s3/start-s3.ts'

const s3 = await startS3()
s3.bucket(testBucket)
after(() => s3[Symbol.asyncDispose]())

const tuning = { ...defaultTuning, retryBaseMs: 1 }

async function failure(
  change: Partial<S3Location>,
  env: Readonly<Record<string, string | undefined>> = environmentOf(s3),
): Promise<FerryError> {
  const location: S3Location = {
    kind: 's3',
    bucket: testBucket,
    prefix: 'p',
    endpoint: s3.endpoint,
    ...change,
  }
  const unused = (): never => {
    throw new Error('nothing of this is needed')
  }
  const signal = new AbortController().signal
  const context = { signal, warn: unused, pool: unused, store: unused, stateDirectory: '/nonexistent', env }
  const error: unknown = await openS3Remote(location, context, tuning).then(
    (remote) => remote[Symbol.asyncDispose](),
    (failed: unknown) => failed,
  )
  assert.ok(error instanceof FerryError, 'it was opened')
  const told = `${error.message} ${error.hint}`
  assert.ok(!told.includes(s3.credentials.secretAccessKey), 'a secret is told')
  return error
}

const keys = (change: Readonly<Record<string, string>>): Readonly<Record<string, string | undefined>> => ({
  ...environmentOf(s3),
  ...change,
})

test('openS3Remote: each thing that is wrong is told with what to do about it', async () => {
  const expected = async (wanted: string, reason: RegExp, error: Promise<FerryError>): Promise<void> => {
    const { code, message, hint } = await error
    assert.equal(code, wanted, message)
    assert.match(message, reason)
    assert.ok(hint, message)
  }
  await expected('E_NOT_FOUND', /no such bucket/, failure({ bucket: 'missing' }))
  await expected('E_PERMISSION', /secret key is wrong/, failure({}, keys({ AWS_SECRET_ACCESS_KEY: 'other' })))
  await expected(
    'E_PERMISSION',
    /does not know this access key/,
    failure({}, keys({ AWS_ACCESS_KEY_ID: 'other' })),
  )
  await expected('E_USAGE', /another region \(us-east-1\)/, failure({ region: 'eu-west-3' }))
  await expected('E_UNREACHABLE', /nothing answers/, failure({ endpoint: 'http://127.0.0.1:9' }))
  s3.set({ skewMs: 3_600_000 })
  await expected('E_REFUSED', /clocks/, failure({}))
  s3.set({ skewMs: 0 })
})

test('openS3Remote: content and keys are not sent where others can read them', async () => {
  for (const endpoint of [
    'http://example.invalid',
    'ftp://127.0.0.1',
    'no url',
    'https://user:TESTSECRET@127.0.0.1:1',
  ])
    assert.equal((await failure({ endpoint })).code, 'E_USAGE', endpoint)
  const allowed = await failure({ endpoint: 'http://example.invalid' }, keys({ FERRY_S3_PLAIN_HTTP: '1' }))
  assert.equal(allowed.code, 'E_UNREACHABLE')
})

test('openS3Remote: without credentials it says how to give them', async () => {
  // Nothing of the user who runs the test, and nothing of the machine.
  const saved = { ...process.env }
  Object.assign(process.env, {
    HOME: '/nonexistent',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    AWS_CONFIG_FILE: '/nonexistent/config',
  })
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) delete process.env[name]
  try {
    const { code, hint } = await failure({}, {})
    assert.equal(code, 'E_PERMISSION')
    assert.match(hint ?? '', /AWS_ACCESS_KEY_ID/)
  } finally {
    process.env = saved
  }
})
