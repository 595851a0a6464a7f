import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import test from 'node:test'
import * as fc from 'fast-check'
import { FerryError } from '../../src/shared/errors.ts'
import { peerIdOf } from '../../src/node/peer-id.ts'
import { encodeTicket, parseTicket } from '../../src/node/ticket.ts'
import type { Ticket } from '../../src/node/ticket.ts'

const vectorFile = join(resolve(import.meta.dirname, '..', '..', '..'), 'test', 'vectors', 'tickets.json')

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const port = fc.integer({ min: 1024, max: 65535 })
const address = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 223 }), bytes(3), port)
    .map(([a, rest, p]) => `/ip4/${a}.${rest.join('.')}/tcp/${p}`),
  port.map((p) => `/ip6/2001:db8::7/tcp/${p}`),
  port.map((p) => `/dns/a.example/tcp/${p}`),
)
const ticket: fc.Arbitrary<Ticket> = fc.record({
  version: fc.constant(1 as const),
  peer: bytes(32).map(peerIdOf),
  addrs: fc.uniqueArray(address, { maxLength: 2, selector: (text) => text.split('/')[1] }),
  secret: bytes(16),
  root: bytes(32),
})

const plain: Ticket = {
  version: 1,
  peer: peerIdOf(new Uint8Array(32).fill(7)),
  addrs: ['/ip4/84.2.10.7/tcp/41234', '/ip4/192.168.1.5/tcp/41234'],
  secret: new Uint8Array(16).fill(9),
}
const text = encodeTicket(plain)

function failure(input: string): FerryError {
  try {
    parseTicket(input)
  } catch (error) {
    assert(error instanceof FerryError)
    assert(error.hint !== undefined, 'a hint says what to do')
    return error
  }
  return assert.fail('this ticket must be refused')
}

test('parseTicket: gives back what encodeTicket was given', () => {
  fc.assert(
    fc.property(ticket, (original) => {
      const encoded = encodeTicket(original)
      assert(encoded.length <= 195)
      assert.equal(encoded, encoded.toLowerCase())
      const decoded = parseTicket(encoded)
      assert.deepEqual(
        { ...decoded, addrs: decoded.addrs.toSorted() },
        { ...original, addrs: original.addrs.toSorted() },
      )
      assert.equal(encodeTicket(decoded), encoded)
    }),
  )
})

test('parseTicket: committed tickets mean what they meant', () => {
  const vectors = JSON.parse(readFileSync(vectorFile, 'utf8')) as {
    ticket: string
    peer: string
    secret: string
    root?: string
    addrs: string[]
  }[]
  assert(vectors.length >= 4)
  for (const { ticket: encoded, peer, secret, root, addrs } of vectors) {
    const expected = {
      version: 1 as const,
      peer,
      addrs,
      secret: new Uint8Array(Buffer.from(secret, 'hex')),
      ...(root === undefined ? {} : { root: new Uint8Array(Buffer.from(root, 'hex')) }),
    }
    assert.deepEqual(parseTicket(encoded), expected)
    assert.equal(encodeTicket(expected), encoded)
  }
})

test('parseTicket: one changed character is always refused, and its place is named', () => {
  fc.assert(
    fc.property(ticket, fc.nat(), fc.nat(30), (original, place, step) => {
      const encoded = encodeTicket(original)
      const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
      const at = 6 + (place % (encoded.length - 6))
      const other = alphabet[(alphabet.indexOf(encoded[at] as string) + 1 + step) % 32] as string
      const error = failure(encoded.slice(0, at) + other + encoded.slice(at + 1))
      assert.equal(error.code, 'E_TICKET')
      assert.match(error.message, new RegExp(`character ${at + 1} of`))
    }),
    { numRuns: 30 },
  )
})

test('parseTicket: a ticket cut at any length is refused', () => {
  for (let length = 0; length < text.length; length++)
    assert.equal(failure(text.slice(0, length)).code, 'E_TICKET', `cut to ${length}`)
  assert.match(failure(text.slice(0, 40)).message, /cut off \(40 characters/)
})

test('parseTicket: a ticket is found however it was pasted', () => {
  const wrapped = text.replace(/.{40}/g, '$&\r\n  ')
  const encodedUri = `ferry%3A${text}`
  const forms = [
    text.toUpperCase(),
    `  ${text}\n`,
    `"${text}"`,
    `“${text}”`,
    `<${text}>`,
    `\uFEFF${text}\u200B`,
    `${text.slice(0, 20)}\u200B${text.slice(20)}`,
    wrapped,
    `ferry receive ${text}`,
    `$ ferry get '${text}'`,
    `ferry:${text}`,
    `FERRY:${text.toUpperCase()}`,
    `ferry://${text}/`,
    encodedUri,
    `${text}.`,
  ]
  for (const form of forms) assert.deepEqual(parseTicket(form), parseTicket(text), JSON.stringify(form))
})

test('parseTicket: every kind of wrong text has its own message', () => {
  assert.match(failure('').message, /empty/)
  assert.match(failure(' \n\t').message, /empty/)
  assert.match(failure('hello').message, /not a ticket/)
  assert.match(failure('https://example.org/x').message, /not a ticket/)
  assert.match(failure('ferry').message, /cut off/)
  assert.match(failure(`${text}qqqq`).message, /incomplete or was changed/)
  assert.match(
    failure(`${text} and then some more words, many more words than any ticket could have`).message,
    /more than any ticket|no ticket has/,
  )
  assert.match(failure('x'.repeat(5000)).message, /5000 characters/)
  assert.match(failure(`ferry1${'q'.repeat(400)}`).message, /more than any ticket/)
  assert.match(
    failure(`${text.slice(0, 30)}b${text.slice(31)}`).message,
    /character 31 is one that no ticket has/,
  )
  assert.match(failure(`%zz%41${text}%e2`).message, /percent|not a ticket/)
  assert.equal(failure('ferry2qqqq').code, 'E_TICKET_VERSION')
})

test('parseTicket: newer versions and malformed content with a right checksum are told apart', async () => {
  const { bech32m } = await import('@scure/base')
  const withBytes = (payload: number[]): string =>
    bech32m.encode('ferry', bech32m.toWords(Uint8Array.from(payload)), 500)
  const body = Array<number>(48).fill(3)
  assert.equal(failure(withBytes([2, ...body])).code, 'E_TICKET_VERSION')
  assert.equal(failure(withBytes([0x21, ...body])).code, 'E_TICKET_VERSION')
  assert.match(failure(withBytes([0x11, ...body])).message, /ends too early/)
  assert.match(failure(withBytes([1, ...body, 9, 1, 2])).message, /unknown kind/)
  assert.match(failure(withBytes([1, ...body, 4, 1, 2])).message, /ends too early/)
  assert.match(failure(withBytes([1, ...body, 68, 3, 0x2f, 0x0a, 0x2e, 0, 80])).message, /is none/)
})

test('encodeTicket: addresses that are useless or do not fit are left out, the least useful first', () => {
  const many = Array.from({ length: 33 }, (_, index) => `/ip4/192.168.1.${index + 1}/tcp/4001`)
  const encoded = encodeTicket({
    ...plain,
    root: new Uint8Array(32),
    addrs: [
      '/ip4/0.0.0.0/tcp/9000',
      '/ip4/224.0.0.1/tcp/9000',
      '/ip4/127.0.0.1/tcp/9000',
      ...many,
      '/ip4/8.8.4.4/tcp/25',
      '/ip4/84.2.10.7/tcp/9000',
    ],
  })
  assert(encoded.length <= 195)
  const { addrs } = parseTicket(encoded)
  assert.equal(addrs[0], '/ip4/84.2.10.7/tcp/9000')
  assert.equal(addrs.length, 4)
  assert(!addrs.includes('/ip4/127.0.0.1/tcp/9000'))
})

test('parseTicket: no message repeats the text', () => {
  for (const broken of [text.slice(0, 80), text.slice(0, -1), `${text}q`, `x${text}`]) {
    const error = failure(broken)
    assert(!`${error.message} ${error.hint}`.includes(text.slice(10, 22)))
  }
})
