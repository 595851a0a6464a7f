import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import test from 'node:test'
import { parentOf, pathWithin, whereaboutsOf } from '../../../src/jobs/sync/whereabouts.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

test('parentOf: the folder above, by the rules of each place', () => {
  assert.deepEqual(parentOf({ kind: 'local', path: '/a/b' }), {
    parent: { kind: 'local', path: '/a' },
    name: 'b',
  })
  assert.deepEqual(parentOf({ kind: 'local', path: '/a' }), {
    parent: { kind: 'local', path: '/' },
    name: 'a',
  })
  assert.equal(parentOf({ kind: 'local', path: '/' }), undefined)
  const bucket = { kind: 's3', bucket: 'x' } as const
  assert.deepEqual(parentOf({ ...bucket, prefix: 'a' }), { parent: { ...bucket, prefix: '' }, name: 'a' })
  assert.equal(parentOf({ ...bucket, prefix: '' }), undefined)
  const host = { kind: 'sftp', host: 'h' } as const
  assert.deepEqual(parentOf({ ...host, path: 'a/b' }), { parent: { ...host, path: 'a' }, name: 'b' })
  assert.equal(parentOf({ ...host, path: '..' }), undefined)
})

test('pathWithin: through links, by whole names, and never across places', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('a', 'b'), { recursive: true })
  symlinkSync('a', folder.at('alias'))
  const at = (...names: string[]) => whereaboutsOf('local', { kind: 'local', path: folder.at(...names) })
  assert.equal(pathWithin(at('a'), at('alias')), '')
  assert.equal(pathWithin(at('a'), at('alias', 'b', 'not', 'there')), 'b/not/there')
  assert.equal(pathWithin(at('a', 'b'), at('a')), undefined)
  const s3 = (prefix: string, place = 'p') => whereaboutsOf(place, { kind: 's3', bucket: 'x', prefix })
  assert.equal(pathWithin(s3('a'), s3('ab')), undefined)
  assert.equal(pathWithin(s3(''), s3('ab')), 'ab')
  assert.equal(pathWithin(s3(''), s3('ab', 'elsewhere')), undefined)
})
