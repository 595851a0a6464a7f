/** known_hosts: every form of a line, against what ssh-keygen writes, and the verdicts. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import {
  fingerprint,
  formatKnownHost,
  judgeHostKey,
  keyTypeOf,
  knownHostName,
  linesFor,
  orderAlgorithms,
  parseKnownHosts,
} from '../../../../src/sync/remotes/sftp/known-hosts.ts'
import { matchesPatternList, matchesWildcard } from '../../../../src/sync/remotes/sftp/wildcard.ts'
import { sshdSkipReason } from '../../../support/sshd.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

function makeKey(type: string, fill: number): Buffer {
  const name = Buffer.from(type)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(name.length)
  return Buffer.concat([length, name, Buffer.alloc(36, fill)])
}
const ed25519 = makeKey('ssh-ed25519', 1)
const otherEd25519 = makeKey('ssh-ed25519', 2)
const rsa = makeKey('ssh-rsa', 3)
const words = (key: Buffer): string => `${keyTypeOf(key)} ${key.toString('base64')}`

const verdicts: readonly (readonly [title: string, text: string, name: string, key: Buffer, kind: string])[] =
  [
    ['nothing at all', '', 'host', ed25519, 'unknown'],
    ['a plain name', `host ${words(ed25519)}`, 'host', ed25519, 'known'],
    ['a comment behind the key', `host ${words(ed25519)} me@here`, 'host', ed25519, 'known'],
    ['tabs, a carriage return', `host\t${words(ed25519)}\r`, 'host', ed25519, 'known'],
    ['a line that is commented out', `#host ${words(ed25519)}`, 'host', ed25519, 'unknown'],
    ['another case', `HOST.example ${words(ed25519)}`, knownHostName('Host.Example', 22), ed25519, 'known'],
    ['a list of names', `a,host,10.0.0.1 ${words(ed25519)}`, 'host', ed25519, 'known'],
    ['a name that is only the beginning', `hos ${words(ed25519)}`, 'host', ed25519, 'unknown'],
    ['a port of its own', `[host]:2222 ${words(ed25519)}`, knownHostName('host', 2222), ed25519, 'known'],
    ['the name without the port', `host ${words(ed25519)}`, knownHostName('host', 2222), ed25519, 'unknown'],
    ['a wildcard', `*.example ${words(ed25519)}`, 'a.example', ed25519, 'known'],
    ['a question mark', `host? ${words(ed25519)}`, 'host1', ed25519, 'known'],
    ['a negated name', `*.example,!a.example ${words(ed25519)}`, 'a.example', ed25519, 'unknown'],
    ['a negated name in front', `!a.example,*.example ${words(ed25519)}`, 'a.example', ed25519, 'unknown'],
    ['another key of the type', `host ${words(otherEd25519)}`, 'host', ed25519, 'changed'],
    ['one of two keys', `host ${words(otherEd25519)}\nhost ${words(ed25519)}`, 'host', ed25519, 'known'],
    ['a key of another type', `host ${words(rsa)}`, 'host', ed25519, 'unknown'],
    ['a revoked key', `host ${words(ed25519)}\n@revoked * ${words(ed25519)}`, 'host', ed25519, 'revoked'],
    [
      'another revoked key',
      `@revoked * ${words(otherEd25519)}\nhost ${words(ed25519)}`,
      'host',
      ed25519,
      'known',
    ],
    ['an authority', `@cert-authority *.example ${words(ed25519)}`, 'a.example', ed25519, 'unknown'],
    ['an unknown marker', `@trusted host ${words(ed25519)}`, 'host', ed25519, 'unknown'],
    [
      'a type that is not the key\u2019s',
      `host ssh-rsa ${ed25519.toString('base64')}`,
      'host',
      ed25519,
      'unknown',
    ],
    ['a key cut short', `host ssh-ed25519 AAAA`, 'host', ed25519, 'unknown'],
    [
      'a hash of another name',
      formatKnownHost('other', ed25519, Buffer.alloc(20, 7)),
      'host',
      ed25519,
      'unknown',
    ],
    [
      'a hashed name',
      formatKnownHost('[host]:22022', ed25519, Buffer.alloc(20, 7)),
      '[host]:22022',
      ed25519,
      'known',
    ],
    ['a hash of another kind', `|2|AAAA|BBBB ${words(ed25519)}`, 'host', ed25519, 'unknown'],
  ]

for (const [title, text, name, key, kind] of verdicts)
  test(`judgeHostKey: ${title} is ${kind}`, () => {
    assert.equal(judgeHostKey(parseKnownHosts(text, 'file'), name, key).kind, kind)
  })

test('judgeHostKey: a changed key is told with file and line, an authority with its own', () => {
  const text = `# first\n\nhost ${words(otherEd25519)}\n@cert-authority host ${words(rsa)}`
  const lines = parseKnownHosts(text, '/home/me/known_hosts')
  const changed = judgeHostKey(lines, 'host', ed25519)
  assert.ok(changed.kind === 'changed')
  assert.deepEqual([changed.by.file, changed.by.line], ['/home/me/known_hosts', 3])
  const unknown = judgeHostKey(lines, 'host', makeKey('ecdsa-sha2-nistp256', 9))
  assert.ok(unknown.kind === 'unknown')
  assert.equal(unknown.authority?.line, 4)
  assert.deepEqual(
    unknown.others.map(({ line }) => line),
    [3],
  )
})

test('orderAlgorithms: the types of known keys come first, RSA by its two signatures', () => {
  const supported = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256']
  const known = linesFor(parseKnownHosts(`host ${words(rsa)}`, 'file'), 'host')
  assert.deepEqual(orderAlgorithms(known, supported), [
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
  ])
  assert.deepEqual(orderAlgorithms([], supported), supported)
})

test('parseKnownHosts: what ssh-keygen hashes and prints is understood', {
  skip: sshdSkipReason,
}, async () => {
  await using folder = temporaryFolder()
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', folder.at('key')])
  const [type, encoded] = readFileSync(folder.at('key.pub'), 'utf8').split(' ')
  const key = Buffer.from(encoded as string, 'base64')
  writeFileSync(folder.at('known'), `[host.example]:2222 ${type} ${encoded}\n`)
  execFileSync('ssh-keygen', ['-q', '-H', '-f', folder.at('known')], { stdio: 'ignore' })
  const lines = parseKnownHosts(readFileSync(folder.at('known'), 'utf8'), 'known')
  assert.ok(lines[0]?.names.startsWith('|1|'))
  assert.equal(judgeHostKey(lines, '[host.example]:2222', key).kind, 'known')
  const printed = execFileSync('ssh-keygen', ['-l', '-f', folder.at('key.pub')], { encoding: 'utf8' })
  assert.ok(printed.includes(fingerprint(key)))
  // And the other way round.
  writeFileSync(folder.at('ours'), formatKnownHost('[host.example]:2222', key, Buffer.alloc(20, 1)))
  const found = execFileSync('ssh-keygen', ['-F', '[host.example]:2222', '-f', folder.at('ours')], {
    encoding: 'utf8',
  })
  assert.ok(found.includes('found: line 1'))
})

test('matchesWildcard: table', () => {
  for (const [pattern, text, matches] of [
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['?', '', false],
    ['a*b', 'ab', true],
    ['a*b', 'axxbxb', true],
    ['a*b', 'axx', false],
    ['**a', 'a', true],
    ['a.b', 'axb', false],
    ['[a]', 'a', false],
    [`${'a*'.repeat(40)}b`, 'a'.repeat(200), false],
  ] as const)
    assert.equal(matchesWildcard(pattern, text), matches, `${pattern} on ${text}`)
  assert.equal(matchesPatternList(['!*'], 'a'), false)
})
