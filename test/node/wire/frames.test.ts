import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { FerryError } from '../../../src/shared/errors.ts'
import {
  createFrameParser,
  encodeDataHeader,
  encodeFrame,
  frameType,
  providerFrames,
} from '../../../src/node/wire/frames.ts'
import type { FrameType } from '../../../src/node/wire/frames.ts'

type Seen = { readonly type: number; readonly id?: number; readonly body: number[] }

/** What a parser reports, with neighbouring pieces of one request put together: that is all that may matter. */
function parse(
  bytes: Uint8Array,
  split: number,
): { seen: Seen[]; atBoundary: boolean; error: FerryError | undefined } {
  const seen: Seen[] = []
  const parser = createFrameParser(providerFrames, {
    frame: (type, body) => seen.push({ type, body: [...body] }),
    data(id, piece) {
      const last = seen.at(-1)
      if (last?.type === frameType.data && last.id === id) last.body.push(...piece)
      else seen.push({ type: frameType.data, id, body: [...piece] })
    },
  })
  let error: FerryError | undefined
  try {
    for (let at = 0; at < bytes.byteLength; at += split) parser.push(bytes.subarray(at, at + split))
  } catch (caught) {
    assert(caught instanceof FerryError)
    assert.equal(caught.code, 'E_PROTOCOL')
    error = caught
  }
  return { seen, atBoundary: parser.atBoundary, error }
}

const controlFrame = fc
  .tuple(
    fc.constantFrom<FrameType>(frameType.answer, frameType.reply),
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
  )
  .map(([type, body]) => encodeFrame(type, body))
const dataFrame = fc
  .tuple(fc.nat(5), fc.uint8Array({ minLength: 1, maxLength: 9000 }))
  .map(([id, content]) => Buffer.concat([encodeDataHeader(id, content.byteLength), content]))

test('createFrameParser: what it reports does not depend on how the input was split', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(controlFrame, dataFrame), { maxLength: 8 }), (frames) => {
      const bytes = Buffer.concat(frames)
      const whole = parse(bytes, Math.max(1, bytes.byteLength))
      assert.equal(whole.error, undefined)
      assert(whole.atBoundary)
      for (const split of [1, 7, 4096]) assert.deepEqual(parse(bytes, split), whole)
    }),
    { numRuns: 50 },
  )
})

test('createFrameParser: any bytes give frames or E_PROTOCOL, the same for every split', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const whole = parse(bytes, 400)
      for (const split of [1, 7]) {
        const other = parse(bytes, split)
        assert.deepEqual(other.seen, whole.seen)
        assert.equal(other.error?.message, whole.error?.message)
      }
    }),
  )
})

test('createFrameParser: refuses a length before taking memory for it', () => {
  const frame = (length: number, type: number): Uint8Array => {
    const bytes = new Uint8Array(5)
    new DataView(bytes.buffer).setUint32(0, length, true)
    bytes[4] = type
    return bytes
  }
  for (const [length, type] of [
    [2 ** 31, frameType.data],
    [2 ** 32 - 1, frameType.answer],
    [65537, frameType.answer],
    [0, frameType.reply],
    [0, frameType.data],
    [4, frameType.data],
    [1, frameType.want],
    [1, 0],
    [1, 255],
  ] as const)
    assert.equal(parse(frame(length, type), 5).error?.code, 'E_PROTOCOL', `${length} ${type}`)
  assert.equal(parse(frame(100, frameType.reply), 5).atBoundary, false)
})
