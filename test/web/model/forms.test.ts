import assert from 'node:assert/strict'
import test from 'node:test'
import {
  cleanTicket,
  fillReceive,
  fillShare,
  fillSync,
  guessDownloads,
} from '../../../src/web/model/forms.ts'
import { limitChoices, limitOf } from '../../../src/web/model/limit-choices.ts'

const field = (filled: object): unknown =>
  'error' in filled ? (filled.error as { field: string }).field : filled

test('cleanTicket: what people paste around a ticket goes', () => {
  for (const text of [
    'ferry1qq8k3',
    ' ferry1qq8k3\n',
    'ferry receive ferry1qq8k3',
    '"ferry1qq8k3"',
    '$ ferry receive ferry1qq\n8k3',
    'ferry receive ferry1qq8k3 /into',
    'ferry receive ferry1qq8k3 into',
    '> ferry1qq\r\n  8k3\r\n',
  ])
    assert.equal(cleanTicket(text), 'ferry1qq8k3', text)
  assert.equal(cleanTicket('FERRY1QQ8K3'), 'FERRY1QQ8K3')
  assert.equal(cleanTicket('ferry:ferry1qq8k3'), 'ferry:ferry1qq8k3')
  assert.equal(cleanTicket(''), '')
})

test('fillReceive: names the field that cannot be used', () => {
  const fields = { ticket: 'ferry1qq', into: '/home/me', overwrite: 'never', limit: '1000000' }
  assert.deepEqual(fillReceive(fields), {
    spec: {
      kind: 'receive',
      ticket: 'ferry1qq',
      into: '/home/me',
      options: { overwrite: 'never' },
      limits: { bytesPerSecond: 1_000_000 },
    },
  })
  assert.equal(field(fillReceive({ ...fields, ticket: ' ' })), 'ticket')
  assert.equal(field(fillReceive({ ...fields, ticket: 'hello' })), 'ticket')
  for (const into of ['', 'Downloads', './x', '~/x'])
    assert.equal(field(fillReceive({ ...fields, into })), 'into')
})

test('fillShare: takes a path a line, and hours', () => {
  const fields = { paths: '/a\n\n /b c \n', name: '', once: false, expireHours: '' }
  assert.deepEqual(fillShare(fields), { spec: { kind: 'share', paths: ['/a', '/b c'], options: {} } })
  assert.deepEqual(fillShare({ ...fields, name: ' n ', once: true, expireHours: '1.5' }), {
    spec: { kind: 'share', paths: ['/a', '/b c'], options: { name: 'n', once: true, expireMs: 5_400_000 } },
  })
  assert.equal(field(fillShare({ ...fields, paths: '' })), 'paths')
  assert.equal(field(fillShare({ ...fields, paths: '/a\nb' })), 'paths')
  for (const expireHours of ['0', '-1', 'x', '99999'])
    assert.equal(field(fillShare({ ...fields, expireHours })), 'expireHours')
})

test('fillSync: takes places of all kinds, and no path that depends on where the daemon was started', () => {
  const fields = { from: '/a/', to: 's3://bucket/a', delete: true, dryRun: true }
  const filled = fillSync(fields)
  assert.ok('spec' in filled)
  assert.deepEqual([filled.spec.from, filled.spec.to], ['/a/', 's3://bucket/a'])
  const { recursive, delete: isDeleting, dryRun } = filled.spec.options ?? {}
  assert.deepEqual([recursive, isDeleting, dryRun], [true, true, true])
  for (const to of ['box:path', 'sftp://me@box/x', '~/x'])
    assert.ok('spec' in fillSync({ ...fields, to }), to)
  assert.equal(field(fillSync({ ...fields, from: 'a' })), 'from')
  assert.equal(field(fillSync({ ...fields, to: '' })), 'to')
})

test('guessDownloads: lies in the home that the data lies in', () => {
  assert.equal(guessDownloads('/home/me/.local/share/ferry'), '/home/me/Downloads')
  assert.equal(guessDownloads('/Users/me/Library/Application Support/ferry'), '/Users/me/Downloads')
  assert.equal(guessDownloads('/srv/ferry'), '')
})

test('limitChoices: hold what is set, and give it back', () => {
  for (const rate of [null, 1_000_000, 4_194_304]) {
    const values = limitChoices(rate).map(({ value }) => limitOf(value))
    assert.equal(values.filter((value) => value === rate).length, 1)
  }
  assert.equal(limitChoices()[0]?.text, 'no limit')
})
