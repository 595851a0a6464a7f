import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Location } from '../../src/sync/location.ts'
import type { LocationContext, NamedRemotes } from '../../src/sync/parse-location.ts'
import { parseLocation } from '../../src/sync/parse-location.ts'
import { FerryError } from '../../src/shared/errors.ts'

const remotes: NamedRemotes = new Map([
  ['site', { kind: 's3', bucket: 'my-bucket', prefix: 'site', region: 'eu-central-1' }],
  ['ceph', { kind: 's3', bucket: '', prefix: '', endpoint: 'https://rgw.example.org' }],
  ['box', { kind: 'sftp', host: 'box.example.org', user: 'me', port: 2222, path: 'data' }],
  ['bare', { kind: 'sftp', host: 'bare.example.org', path: '' }],
])
const context: LocationContext = { remotes, cwd: '/work', home: '/home/me', direction: 'source' }
const parse = (text: string) => parseLocation(text, context)

const local = (path: string): Location => ({ kind: 'local', path })
const s3 = (bucket: string, prefix = ''): Location => ({ kind: 's3', bucket, prefix })
const sftp = (host: string, path: string, more: object = {}): Location => ({
  kind: 'sftp',
  host,
  path,
  ...more,
})
const ceph = (bucket: string, prefix = ''): Location => ({
  kind: 's3',
  bucket,
  prefix,
  endpoint: 'https://rgw.example.org',
})
const box = { user: 'me', port: 2222 }
const ticket = 'ferry1qq8k3q7z2m4n5p6r7s8t9vwxyz'

/** Text, what it means, and whether it stands for what is in it. */
const table: readonly (readonly [string, Location, boolean])[] = [
  ['a', local('/work/a'), false],
  ['a/', local('/work/a'), true],
  ['a//', local('/work/a'), true],
  ['.', local('/work'), true],
  ['./', local('/work'), true],
  ['..', local('/'), true],
  ['a/.', local('/work/a'), true],
  ['a/..', local('/work'), true],
  ['a/...', local('/work/a/...'), false],
  ['/', local('/'), true],
  ['/srv/data', local('/srv/data'), false],
  ['~', local('/home/me'), true],
  ['~/x', local('/home/me/x'), false],
  ['~other/x', local('/work/~other/x'), false],
  ['./a:b', local('/work/a:b'), false],
  ['x/a:b', local('/work/x/a:b'), false],
  ['/a:b/', local('/a:b'), true],
  ['my folder', local('/work/my folder'), false],
  ['ferry1', local('/work/ferry1'), false],
  ['ferry1-backup-of-photos', local('/work/ferry1-backup-of-photos'), false],
  [`./${ticket}`, local(`/work/${ticket}`), false],
  ['file:/srv/a%20b', local('/srv/a b'), false],
  ['file:///srv/a/', local('/srv/a'), true],
  ['FILE://localhost/srv', local('/srv'), false],
  ['file:///a%3Ab', local('/a:b'), false],
  ['s3://bucket', s3('bucket'), true],
  ['s3://bucket/', s3('bucket'), true],
  ['s3://bucket/a/b', s3('bucket', 'a/b'), false],
  ['S3://my.bucket-1/a/', s3('my.bucket-1', 'a'), true],
  ['s3://bucket/a%20b', s3('bucket', 'a%20b'), false],
  ['s3://bucket/a b:c@d?e#f', s3('bucket', 'a b:c@d?e#f'), false],
  ['sftp://host', sftp('host', ''), true],
  ['sftp://host/', sftp('host', '/'), true],
  ['sftp://host/a', sftp('host', '/a'), false],
  ['sftp://me@host:2222/a%20b/', sftp('host', '/a b', { user: 'me', port: 2222 }), true],
  ['sftp://me%40corp@host/a', sftp('host', '/a', { user: 'me@corp' }), false],
  ['sftp://host/~/a/b', sftp('host', 'a/b'), false],
  ['sftp://host/~/', sftp('host', ''), true],
  ['sftp://host/~', sftp('host', ''), true],
  ['sftp://[2001:db8::1]:22/a', sftp('2001:db8::1', '/a', { port: 22 }), false],
  ['sftp://[fe80::1%25eth0]/a', sftp('fe80::1%eth0', '/a'), false],
  ['host:a', sftp('host', 'a'), false],
  ['host:', sftp('host', ''), true],
  ['host:/', sftp('host', '/'), true],
  ['host:/a//', sftp('host', '/a'), true],
  ['host:.', sftp('host', '.'), true],
  ['host:~/a', sftp('host', 'a'), false],
  ['host:~', sftp('host', ''), true],
  ['me@host.example.org:a b/c', sftp('host.example.org', 'a b/c', { user: 'me' }), false],
  ['host:a%20b', sftp('host', 'a%20b'), false],
  ['host:a@2x.png', sftp('host', 'a@2x.png'), false],
  ['me@corp@host:a', sftp('host', 'a', { user: 'me@corp' }), false],
  ['[::1]:a', sftp('::1', 'a'), false],
  ['me@[::1]:/a:b', sftp('::1', '/a:b', { user: 'me' }), false],
  ['site:', { kind: 's3', bucket: 'my-bucket', prefix: 'site', region: 'eu-central-1' }, true],
  ['site:/a', { kind: 's3', bucket: 'my-bucket', prefix: 'site/a', region: 'eu-central-1' }, false],
  ['site:a/', { kind: 's3', bucket: 'my-bucket', prefix: 'site/a', region: 'eu-central-1' }, true],
  ['ceph:Old_Bucket/a', ceph('Old_Bucket', 'a'), false],
  ['ceph:bucket', ceph('bucket'), true],
  ['box:', sftp('box.example.org', 'data', box), true],
  ['box:a', sftp('box.example.org', 'data/a', box), false],
  ['box:/a', sftp('box.example.org', '/a', box), false],
  ['box:~/a', sftp('box.example.org', 'a', box), false],
  ['bare:', sftp('bare.example.org', ''), true],
  ['bare:a/', sftp('bare.example.org', 'a'), true],
  [ticket, { kind: 'ticket', ticket }, false],
  [` ferry receive ${ticket}\n`, { kind: 'ticket', ticket: ` ferry receive ${ticket}\n` }, false],
  [ticket.toUpperCase(), { kind: 'ticket', ticket: ticket.toUpperCase() }, false],
  [`"ferry:${ticket}"`, { kind: 'ticket', ticket: `"ferry:${ticket}"` }, false],
]

test('parseLocation: what each form means', () => {
  for (const [text, location, contents] of table) assert.deepEqual(parse(text), { location, contents }, text)
})

test('parseLocation: what is not one is refused, and says why', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /empty/],
    ['  ', /empty/],
    ['a\0b', /NUL/],
    ['\ud800', /Unicode/],
    ['-', /standard input/],
    ['file:a', /absolute path/],
    ['file://server/a', /absolute path/],
    ['file:///a%zz', /percent-encoding/],
    ['file:///a%00', /NUL/],
    ['s3://', /3 to 63 characters/],
    ['s3:///a', /3 to 63 characters/],
    ['s3://ab', /3 to 63 characters/],
    [`s3://${'a'.repeat(64)}`, /3 to 63 characters/],
    ['s3://Bucket', /capital letters/],
    ['s3://my_bucket', /small letters, digits/],
    ['s3://-bucket', /begin and end/],
    ['s3://a..b', /two dots/],
    ['s3://192.168.0.1', /address/],
    ['s3://bucket/a/../b', /"\.\."/],
    ['s3://bucket/./b', /"\."/],
    ['s3://bucket//a', /empty name/],
    ['s3://bucket/a//', /empty name/],
    [`s3://bucket/${'é'.repeat(513)}`, /1024 bytes/],
    ['s3:bucket/a', /without \/\//],
    ['ceph:', /without a bucket/],
    ['site:a/../../b', /"\.\."/],
    ['gs://bucket/a', /not supported yet/],
    ['az://container/a', /not supported yet/],
    ['https://example.org/a', /does not know it/],
    ['ssh://host/a', /does not know it/],
    ['sftp:///a', /no host/],
    ['sftp://host:x/a', /port/],
    ['sftp://host:0/a', /port/],
    ['sftp://host:65536/a', /port/],
    ['sftp://::1/a', /no host/],
    ['sftp://[::1/a', /host is not right/],
    ['sftp://ho st/a', /host is not a name/],
    ['sftp://@host/a', /no user/],
    ['sftp://host/a%', /percent-encoding/],
    ['sftp://-oProxyCommand=x/a', /host is not a name/],
    ['-host:a', /host is not a name/],
    [':a', /no host/],
    ['me@:a', /no host/],
    ['-me@host:a', /user is not a name/],
    ['[abc]:a', /IPv6/],
    ['host::module', /rsync daemon/],
    ['host:~other/a', /home folder/],
    ['x'.repeat(20_000), /at most 16384/],
  ]
  for (const [text, reason] of refused)
    assert.throws(
      () => parse(text),
      (error) => error instanceof FerryError && error.code === 'E_USAGE' && reason.test(error.message),
      text,
    )
})

test('parseLocation: a ticket is no destination', () => {
  assert.throws(() => parseLocation(ticket, { ...context, direction: 'destination' }), /only be read from/)
})

test('parseLocation: a password is refused and never repeated', () => {
  for (const text of [
    'sftp://me:CANARY@host/a',
    'sftp://me:CANARY/x@host/a',
    'sftp://me:CANARY',
    'sftp://me%3ACANARY@host/a',
    's3://AKIA:CANARY@bucket/a',
    's3://AKIA:CANARY/bucket',
    'https://me:CANARY@host/a',
    'me:CANARY@host:/a',
    'foo://me:CANARY@host',
  ])
    assert.throws(
      () => parse(text),
      (error) => error instanceof FerryError && !`${error.message}${error.hint}`.includes('CANARY'),
      text,
    )
  assert.throws(() => parse('sftp://me:CANARY@host/a'), /password/)
  assert.throws(() => parse('me:CANARY@host:/a'), /password/)
})

test('parseLocation: nothing but a FerryError is thrown, and local paths are absolute', () => {
  const piece = fc.constantFrom(
    ...[
      's3://',
      'sftp://',
      'file:',
      'ferry:',
      'ferry1',
      '//',
      '/',
      ':',
      '@',
      '[',
      ']',
      '..',
      '.',
      '~',
      '%',
      '%2f',
    ],
    ...['box', 'site', 'ceph', 'host', '::1', '\0', ' ', 'a', '-', '\u202e'],
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 8 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (input) => {
      try {
        const { location } = parse(input)
        if (location.kind === 'local') assert.ok(location.path.startsWith('/'))
        if (location.kind === 's3')
          assert.ok(!location.prefix.split('/').includes('..') && location.bucket !== '')
        if (location.kind === 'sftp') assert.ok(location.host !== '' && !location.host.startsWith('-'))
      } catch (error) {
        if (!(error instanceof FerryError)) throw error
        assert.equal(error.code, 'E_USAGE')
      }
    }),
    { numRuns: 2000 },
  )
})
