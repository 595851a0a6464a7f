/**
 * Frames of `/ferry/1`: u32 little-endian body length, u8 type, body. The parser takes bytes as they come, and what it
 * reports does not depend on how they were split. No memory is taken for a length before it was compared with the limit
 * of its type. Content (`data`) is handed on piece by piece and never collected here.
 */
import { FerryError } from '../../shared/errors.ts'
import { dataFrameBytes, laneFrameBytes, maxControlBytes, maxReadRanges } from '../limits.ts'

export const frameType = {
  hello: 1,
  auth: 2,
  welcome: 3,
  refused: 4,
  want: 16,
  subChunks: 17,
  recheck: 18,
  ask: 19,
  credit: 20,
  cancel: 21,
  data: 32,
  answer: 33,
  failed: 34,
  reply: 35,
  problem: 36,
} as const

export type FrameType = (typeof frameType)[keyof typeof frameType]

export const frameHeaderBytes = 5
const idBytes = 4
/** Entry, offset, length: see messages.ts. */
export const rangeBytes = 16
const maxRangesBytes = idBytes + maxReadRanges * rangeBytes

/** Frame type → longest body. A type that is not in it breaks the protocol. */
export type FrameLimits = ReadonlyMap<number, number>

/** What a receiver may say, with the longest body of each. */
export const receiverFrames: FrameLimits = new Map([
  [frameType.auth, 1024],
  [frameType.want, maxRangesBytes],
  [frameType.subChunks, maxRangesBytes],
  [frameType.recheck, maxRangesBytes],
  [frameType.ask, maxControlBytes],
  [frameType.credit, 2 * idBytes],
  [frameType.cancel, idBytes],
])

/** What a provider may say. */
export const providerFrames: FrameLimits = new Map([
  [frameType.hello, 256],
  [frameType.welcome, 4096],
  [frameType.refused, 1024],
  [frameType.data, idBytes + dataFrameBytes],
  [frameType.answer, maxControlBytes],
  [frameType.failed, maxControlBytes],
  [frameType.reply, maxControlBytes],
  [frameType.problem, 4096],
])

/** What a receiver may say on a lane. */
export const laneReceiverFrames: FrameLimits = new Map([
  [frameType.want, maxRangesBytes],
  [frameType.cancel, idBytes],
])

/** What a provider may say on a lane. */
export const laneProviderFrames: FrameLimits = new Map([
  [frameType.data, idBytes + laneFrameBytes],
  [frameType.failed, maxControlBytes],
  [frameType.problem, 4096],
])

export interface FrameHandler {
  /** A whole frame that is not `data`. The body is the handler's to keep. */
  frame(type: number, body: Uint8Array): void
  /** The next content bytes of request `id`: a view that is only good during the call. */
  data(id: number, piece: Uint8Array): void
  /** Where the next content of request `id` may be put directly. It is then handed to `data` all the same. */
  space?(id: number): Uint8Array | undefined
}

export interface FrameParser {
  /** Whatever the handler throws comes out of here. @throws E_PROTOCOL */
  push(bytes: Uint8Array): void
  /** Where the next bytes belong, if that is known: at most so many must then be put there before they are pushed. */
  space(): Uint8Array | undefined
  /** True between two frames: the only place where a conversation may end. */
  readonly atBoundary: boolean
}

export function createFrameParser(limits: FrameLimits, handler: FrameHandler): FrameParser {
  const header = new Uint8Array(frameHeaderBytes + idBytes)
  let headerFilled = 0
  let headerWanted = frameHeaderBytes
  let type = 0
  let body: Uint8Array | undefined
  let bodyFilled = 0
  let id = 0
  let dataLeft = 0

  const restart = (): void => {
    headerFilled = 0
    headerWanted = frameHeaderBytes
    body = undefined
  }
  const openFrame = (): void => {
    if (headerWanted > frameHeaderBytes) {
      id = readU32(header, frameHeaderBytes)
      return
    }
    const length = readU32(header, 0)
    type = header[4] as number
    const limit = limits.get(type)
    if (limit === undefined) throw broken(`a frame of type ${type} has no place here`)
    if (length > limit)
      throw broken(`a frame of type ${type} claims ${length} bytes, at most ${limit} are allowed`)
    if (type === frameType.data) {
      if (length <= idBytes) throw broken('a data frame without content')
      dataLeft = length - idBytes
      headerWanted = frameHeaderBytes + idBytes
      return
    }
    if (length === 0) throw broken(`a frame of type ${type} is empty`)
    body = new Uint8Array(length)
    bodyFilled = 0
  }

  return {
    get atBoundary() {
      return headerFilled === 0
    },
    space() {
      const isInContent = dataLeft > 0 && headerFilled === headerWanted
      const space = isInContent ? handler.space?.(id) : undefined
      return space && space.byteLength > 0 ? space.subarray(0, dataLeft) : undefined
    },
    push(bytes) {
      let at = 0
      while (at < bytes.byteLength) {
        if (headerFilled < headerWanted) {
          const taken = Math.min(headerWanted - headerFilled, bytes.byteLength - at)
          header.set(bytes.subarray(at, at + taken), headerFilled)
          headerFilled += taken
          at += taken
          if (headerFilled === headerWanted) openFrame()
        } else if (body) {
          const taken = Math.min(body.byteLength - bodyFilled, bytes.byteLength - at)
          body.set(bytes.subarray(at, at + taken), bodyFilled)
          bodyFilled += taken
          at += taken
          if (bodyFilled < body.byteLength) continue
          const whole = body
          restart()
          handler.frame(type, whole)
        } else {
          const taken = Math.min(dataLeft, bytes.byteLength - at)
          dataLeft -= taken
          const piece = bytes.subarray(at, at + taken)
          at += taken
          if (dataLeft === 0) restart()
          handler.data(id, piece)
        }
      }
    },
  }
}

/** One frame in one array. */
export function encodeFrame(type: FrameType, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(frameHeaderBytes + body.byteLength)
  writeU32(frame, 0, body.byteLength)
  frame[4] = type
  frame.set(body, frameHeaderBytes)
  return frame
}

/** The head of a data frame; its `length` content bytes follow as they are, without a copy. */
export function encodeDataHeader(id: number, length: number): Uint8Array {
  const header = new Uint8Array(frameHeaderBytes + idBytes)
  writeU32(header, 0, idBytes + length)
  header[4] = frameType.data
  writeU32(header, frameHeaderBytes, id)
  return header
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  )
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff
  bytes[at + 1] = (value >>> 8) & 0xff
  bytes[at + 2] = (value >>> 16) & 0xff
  bytes[at + 3] = value >>> 24
}

/** A peer said something that the protocol does not allow here. */
export function broken(what: string): FerryError {
  return new FerryError('E_PROTOCOL', `Cannot go on with the peer: it broke the protocol (${what})`, {
    hint: 'if both computers run the same version of ferry, please report this',
  })
}
