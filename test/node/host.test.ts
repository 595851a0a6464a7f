import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { parseAddress } from '../../src/node/addresses.ts'
import { addressesToTell, parseListenAddress } from '../../src/node/own-addresses.ts'
import { testHost } from '../support/hosts.ts'

test('createHost: the remembered port is taken again, another one when it is not free, and that is told', async () => {
  const first = await testHost({ listen: undefined })
  const port = first.port as number
  await first[Symbol.asyncDispose]()
  const again = await testHost({ listen: undefined, port })
  assert.equal(again.port, port)
  assert.equal(again.portChanged, false)
  await using second = await testHost({ listen: undefined, port })
  assert.notEqual(second.port, port)
  assert.equal(second.portChanged, true)
  await again[Symbol.asyncDispose]()
})

test('createHost: a port that the user named and that is taken is an error with a hint', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await assert.rejects(testHost({ listen: [`127.0.0.1:${port}`] }), {
    code: 'E_CONFLICT',
    message: /another program/,
  })
  server.close()
  await assert.rejects(testHost({ listen: ['203.0.113.7:0'] }), {
    code: 'E_USAGE',
    message: /not an address of this computer/,
  })
})

test('createHost: announces what the user says, listens nowhere when told so', async () => {
  await using announcing = await testHost({ announce: ['files.example.org:4001', '203.0.113.7'] })
  assert.deepEqual(announcing.addresses, [
    '/dns/files.example.org/tcp/4001',
    `/ip4/203.0.113.7/tcp/${announcing.port}`,
  ])
  await using quiet = await testHost({ listen: false })
  assert.deepEqual(quiet.addresses, [])
  assert.equal(quiet.port, undefined)
})

test('createHost: --local dials no one outside the local network', async () => {
  await using local = await testHost({ local: true, listen: false })
  const attempts: string[] = []
  await assert.rejects(
    local.connect('12D3KooW9tJMax94Lrqw7Y5Qw36viGQAS2gTEPQ5Wg1vTk7xPfQs', ['/ip4/203.0.113.7/tcp/4001'], {
      onAttempt: ({ reason }) => attempts.push(reason),
    }),
    { code: 'E_UNREACHABLE' },
  )
  assert.equal(attempts.length, 1)
})

test('addressesToTell: a wildcard is every interface; loopback only when there is nothing else', () => {
  const listen = (text: string) => parseListenAddress(text)
  assert.deepEqual(addressesToTell([listen('127.0.0.1:5000')], false), ['/ip4/127.0.0.1/tcp/5000'])
  assert.deepEqual(addressesToTell([listen('127.0.0.1:5000'), listen('192.168.7.7:5000')], false), [
    '/ip4/192.168.7.7/tcp/5000',
  ])
  assert.deepEqual(addressesToTell([listen('8.8.8.8:5000'), listen('10.0.0.1:5000')], true), [
    '/ip4/10.0.0.1/tcp/5000',
  ])
  const everywhere = addressesToTell([listen('0.0.0.0:5000')], false)
  assert(everywhere.length > 0 && everywhere.every((address) => parseAddress(address)?.host !== '0.0.0.0'))
})

test('parseListenAddress: takes what people write, and says what is wrong with the rest', () => {
  const forms: [string, string, number][] = [
    ['192.168.1.5:4001', '192.168.1.5', 4001],
    ['192.168.1.5', '192.168.1.5', 77],
    ['[2001:db8::5]:4001', '2001:db8::5', 4001],
    ['2001:db8::5', '2001:db8::5', 77],
    ['files.example.org:4001', 'files.example.org', 4001],
    ['/ip4/0.0.0.0/tcp/4001', '0.0.0.0', 4001],
  ]
  for (const [text, host, port] of forms) {
    const parsed = parseListenAddress(text, 77)
    assert.deepEqual([parsed.host, parsed.port], [host, port])
  }
  for (const text of ['', ':', ':4001', 'a b', '1.2.3.4:99999', '/ip4/1.2.3.4/udp/5', '[::1', 'host:port'])
    assert.throws(() => parseListenAddress(text), { code: 'E_USAGE' }, text)
})
