import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '../../src/daemon/api/operations.ts'
import { openApiText } from '../../src/daemon/api/openapi-text.ts'
import { createApp } from '../../src/daemon/app.ts'
import type { Engine } from '../../src/jobs/engine-types.ts'
import type { Metrics } from '../../src/daemon/metrics.ts'
import type { Streams } from '../../src/daemon/sse.ts'
import { describeForDocs } from '../support/describe-api.ts'

test('the description of the API is that of the schemas (if not, run: node scripts/openapi.mjs)', () => {
  assert.deepEqual(JSON.parse(openApiText), JSON.parse(JSON.stringify(describeForDocs())))
})

test('the description names every route that is answered, and no other', () => {
  const app = createApp({
    engine: {} as Engine,
    streams: {} as Streams,
    metrics: {} as Metrics,
    token: 'x',
    isHost: () => true,
    changes: async function* () {},
    files: new Map(),
    onShutdown: () => undefined,
  })
  const answered = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method.toLowerCase()} ${path}`)
  assert.deepEqual(
    [...new Set(answered)].sort(),
    operations.map(({ method, path }) => `${method} ${path}`).sort(),
  )
})
