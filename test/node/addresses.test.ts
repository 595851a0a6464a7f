import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import {
  anyReach,
  displayAddress,
  filterAddresses,
  formatIp6,
  localReach,
  parseAddress,
  parseIp6,
  publicReach,
  reasonAgainst,
} from '../../src/node/addresses.ts'

test('parseAddress: knows how far an address reaches', () => {
  const reaches: [string, string][] = [
    ['/ip4/127.0.0.1/tcp/4001', 'loopback'],
    ['/ip4/10.1.2.3/tcp/4001', 'private'],
    ['/ip4/172.16.0.1/tcp/4001', 'private'],
    ['/ip4/172.32.0.1/tcp/4001', 'public'],
    ['/ip4/192.168.0.1/tcp/4001', 'private'],
    ['/ip4/100.64.0.1/tcp/4001', 'private'],
    ['/ip4/169.254.1.1/tcp/4001', 'link-local'],
    ['/ip4/8.8.8.8/tcp/4001', 'public'],
    ['/ip6/::1/tcp/4001', 'loopback'],
    ['/ip6/fe80::1/tcp/4001', 'link-local'],
    ['/ip6/fd00::1/tcp/4001', 'private'],
    ['/ip6/2001:db8::1/tcp/4001', 'public'],
    ['/ip6/::ffff:127.0.0.1/tcp/4001', 'loopback'],
    ['/dns/example.org/tcp/4001', 'name'],
    ['/dns4/localhost/tcp/4001', 'loopback'],
    ['/dns/nas.local/tcp/4001', 'private'],
  ]
  for (const [address, reach] of reaches) assert.equal(parseAddress(address)?.reach, reach, address)
})

test('parseAddress: refuses everything that is not TCP to one host', () => {
  for (const address of [
    '',
    '/ip4/1.2.3.4',
    '/ip4/1.2.3.4/udp/4001',
    '/ip4/1.2.3/tcp/1',
    '/ip4/1.2.3.4/tcp/65536',
    '/ip4/1.2.3.4/tcp/-1',
    '/unix/%2Ftmp%2Fx',
    '/ip6/fe80::1%eth0/tcp/1',
    `/dns/${'a'.repeat(1000)}/tcp/4001`,
    '/dns/-x.org/tcp/4001',
    '/dns/a..b/tcp/4001',
    '/ip4/1.2.3.4/tcp/4001/p2p/12D3',
    '/ip4/1.2.3.4/tcp/4001/ws',
  ])
    assert.equal(parseAddress(address), undefined, address)
})

test('filterAddresses: drops with reasons, sorts by use, caps', () => {
  const { usable, dropped } = filterAddresses(
    [
      '/ip4/0.0.0.0/tcp/4001',
      '/ip6/::/tcp/4001',
      '/ip4/239.1.1.1/tcp/4001',
      '/ip6/ff02::1/tcp/4001',
      '/ip4/8.8.8.8/tcp/0',
      '/ip4/8.8.8.8/tcp/25',
      '/unix/x',
      '/ip4/127.0.0.1/tcp/4001',
      '/ip4/192.168.1.2/tcp/4001',
      '/ip4/9.9.9.9/tcp/4001',
      '/ip4/9.9.9.9/tcp/4001',
    ],
    anyReach,
    2,
  )
  assert.deepEqual(usable, ['/ip4/9.9.9.9/tcp/4001', '/ip4/192.168.1.2/tcp/4001'])
  assert.equal(dropped.length, 8)
  assert(dropped.every(({ reason }) => reason.length > 0))
})

test('reasonAgainst: keeps strangers from sending us into our own network, and --local inside it', () => {
  assert.equal(reasonAgainst('/ip4/192.168.1.2/tcp/4001', publicReach), 'private address')
  assert.equal(reasonAgainst('/ip4/127.0.0.1/tcp/4001', publicReach), 'loopback address')
  assert.equal(reasonAgainst('/ip6/::ffff:10.0.0.1/tcp/4001', publicReach), 'private address')
  assert.equal(reasonAgainst('/ip4/9.9.9.9/tcp/4001', publicReach), undefined)
  assert.equal(reasonAgainst('/ip4/9.9.9.9/tcp/4001', localReach), 'outside the local network')
  assert.equal(reasonAgainst('/dns/example.org/tcp/4001', localReach), 'outside the local network')
  assert.equal(reasonAgainst('/ip4/10.0.0.1/tcp/4001', localReach), undefined)
})

test('formatIp6: is the inverse of parseIp6', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      assert.deepEqual(parseIp6(formatIp6(bytes)), bytes)
    }),
  )
  assert.equal(formatIp6(new Uint8Array(16)), '::')
  assert.deepEqual(parseIp6('::ffff:1.2.3.4')?.slice(12), Uint8Array.of(1, 2, 3, 4))
  assert.equal(displayAddress('/ip6/2001:db8::1/tcp/9'), '[2001:db8::1]:9')
})
