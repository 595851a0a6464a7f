import assert from 'node:assert/strict'
import test from 'node:test'
import { formatRoute, parseRoute, screens, tokenOf } from '../../../src/web/model/routes.ts'

test('parseRoute: gives back what formatRoute made', () => {
  for (const screen of screens) assert.deepEqual(parseRoute(formatRoute({ screen })), { screen })
  const details = { screen: 'transfers', id: 't_7f3a' } as const
  assert.equal(formatRoute(details), '#/transfers/t_7f3a')
  assert.deepEqual(parseRoute('#/transfers/t_7f3a'), details)
})

test('parseRoute: what is not known is the list of transfers', () => {
  for (const hash of [
    '',
    '#',
    '#/',
    '#/nothing',
    '#token=abc',
    '#/transfers/',
    '#/transfers/a b',
    '#/transfers/<b>',
  ])
    assert.deepEqual(parseRoute(hash), { screen: 'transfers' }, hash)
  assert.deepEqual(parseRoute('#/shares/t_1'), { screen: 'shares' })
})

test('tokenOf: finds a token behind the #, and nothing that is none', () => {
  const token = 'aZ09_-'.repeat(7)
  assert.equal(tokenOf(`#token=${token}`), token)
  for (const hash of ['', '#', '#/transfers', '#token=', '#token=short', `#token=${token}<script>`])
    assert.equal(tokenOf(hash), undefined, hash)
})
