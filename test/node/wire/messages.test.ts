import assert from 'node:assert/strict'
import test from 'node:test'
import { encode } from 'cborg'
import * as fc from 'fast-check'
import { FerryError } from '../../../src/shared/errors.ts'
import * as messages from '../../../src/node/wire/messages.ts'

const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true })
const id = fc.nat(0xffff_ffff)
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const range = record({ entry: id, offset: fc.nat(2 ** 52), length: fc.integer({ min: 1, max: 2 ** 31 }) })

const sealed = { live: fc.constant(false), root: bytes(32), signature: bytes(64) }
const live = { live: fc.constant(true), root: fc.constant(undefined), signature: fc.constant(undefined) }
const named = {
  proof: bytes(32),
  name: fc.string({ maxLength: 50 }),
  complete: fc.boolean(),
  laneSecret: fc.option(bytes(32), { nil: undefined }),
  exclusive: fc.boolean(),
}

/** Message → a value of it, its encoder, its decoder. */
const codecs: Record<
  string,
  readonly [fc.Arbitrary<unknown>, (value: never) => Uint8Array, (body: Uint8Array) => unknown]
> = {
  hello: [record({ version: fc.nat(), nonce: bytes(32) }), messages.encodeHello, messages.decodeHello],
  auth: [
    record({ shareId: bytes(32), nonce: bytes(32), proof: bytes(32) }),
    messages.encodeAuth,
    messages.decodeAuth,
  ],
  welcome: [
    fc.oneof(record({ ...named, ...sealed }), record({ ...named, ...live })),
    messages.encodeWelcome,
    messages.decodeWelcome,
  ],
  refused: [fc.constantFrom('unknown', 'expired', 'busy'), messages.encodeRefused, messages.decodeRefused],
  ask: [
    record({
      id,
      kind: fc.constantFrom('pages', 'serve'),
      numbers: fc.array(fc.nat(), { maxLength: 20 }),
      texts: fc.array(fc.string(), { maxLength: 5 }),
    }),
    messages.encodeAsk,
    messages.decodeAsk,
  ],
  ranges: [
    record({ id, ranges: fc.array(range, { minLength: 1, maxLength: 20 }) }),
    messages.encodeRanges,
    messages.decodeRanges,
  ],
  failed: [
    record({
      id,
      failed: fc
        .array(
          record({
            index: fc.constant(0),
            reason: fc.constantFrom('changed', 'unknown'),
            message: fc.string({ maxLength: 60 }),
          }),
          { maxLength: 9 },
        )
        .map((list) => list.map((item, index) => ({ ...item, index: index * 2 }))),
    }),
    messages.encodeFailed,
    messages.decodeFailed,
  ],
}

for (const [name, [value, encodeBody, decodeBody]] of Object.entries(codecs)) {
  test(`${name}: decodes to what was encoded`, () => {
    fc.assert(
      fc.property(value, (original) => assert.deepEqual(decodeBody(encodeBody(original as never)), original)),
    )
  })
  test(`${name}: any other bytes give a valid value or E_PROTOCOL`, () => {
    const mutated = fc.tuple(value, fc.nat(), fc.nat(255)).map(([original, at, byte]) => {
      const body = new Uint8Array(encodeBody(original as never))
      body[at % body.byteLength] = byte
      return body
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), mutated), (body) => {
        try {
          decodeBody(body)
        } catch (error) {
          assert(error instanceof FerryError && error.code === 'E_PROTOCOL', String(error))
        }
      }),
    )
  })
}

test('answers, replies, credits and numbers: decode to what was encoded', () => {
  assert.deepEqual(messages.decodeAnswer(messages.encodeAnswer(7, [1, 2, 2 ** 40])), {
    id: 7,
    lengths: [1, 2, 2 ** 40],
  })
  for (const value of [null, 'fine', [['peer', 'address'], ['other']]])
    assert.deepEqual(messages.decodeReply(messages.encodeReply(7, value)), { id: 7, value })
  assert.deepEqual(messages.decodeCredit(messages.encodeCredit(1, 2)), { id: 1, bytes: 2 })
  assert.equal(messages.decodeId(messages.encodeId(99)), 99)
  assert.deepEqual(messages.decodeProblem(messages.encodeProblem(3, 'x'.repeat(900))), {
    id: 3,
    message: 'x'.repeat(500),
  })
})

test('control messages: hostile CBOR is refused', () => {
  const deep = new Uint8Array(60_000).fill(0x81)
  const huge = Uint8Array.of(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
  for (const body of [
    deep,
    huge,
    encode({ __proto__: 1 }),
    encode([1.5, null]),
    encode([-1, null]),
    encode('x'),
    encode([2 ** 32, null]),
  ])
    assert.throws(() => messages.decodeReply(body), { code: 'E_PROTOCOL' })
  assert.throws(() => messages.decodeRanges(new Uint8Array(4)), { code: 'E_PROTOCOL' })
  assert.throws(() => messages.decodeRanges(new Uint8Array(21)), { code: 'E_PROTOCOL' })
  assert.throws(() => messages.decodeRanges(new Uint8Array(20)), { code: 'E_PROTOCOL' })
  const many = messages.encodeFailed({
    id: 1,
    failed: Array.from({ length: 4000 }, (_, index) => ({
      index,
      reason: 'changed' as const,
      message: '\uFFFF'.repeat(500),
    })),
  })
  assert(many.byteLength < 64 * 1024)
  assert.equal(messages.decodeFailed(many).failed.length, 4000)
})
