/**
 * Cuts a stream of bytes into chunks, with the WebAssembly twin of `find-cut.ts`. The caller reads straight into the
 * cutter's memory and hashes the chunks where they lie, so content is never copied between buffers.
 *
 * Usage: `begin`, then alternate: fill `space()` and say how much with `filled`, take chunks with `next` until it gives
 * undefined. The cuts do not depend on how the content was split.
 */
import { cutWasm } from './cut-wasm.ts'
import { hashWindowBytes, multiplier } from './find-cut.ts'
import type { ChunkerParameters } from './parameters.ts'
import { halfByteTables } from './substitution.ts'

export interface Cutter {
  /** Forgets what was there and starts a new content. */
  begin(parameters: ChunkerParameters): void
  /**
   * Where the next bytes go: at least `maxBytes`. Valid until the next call of `begin` or `space`; makes the chunks
   * given before invalid. To be called only when `next` gave undefined.
   */
  space(): Uint8Array<ArrayBuffer>
  /** The first `bytes` of the space are content now. */
  filled(bytes: number): void
  /**
   * The next chunk, a view into the cutter's memory; undefined when more content is needed to tell, or, with `final`
   * (no more will come), when all is cut.
   */
  next(final: boolean): Uint8Array<ArrayBuffer> | undefined
}

interface Exports {
  findCut(
    from: number,
    resume: number,
    end: number,
    min: number,
    avg: number,
    max: number,
    multiplier: number,
    strict: number,
    lenient: number,
  ): number
}

const pageBytes = 65_536
/** Room for tables and masks (see assembly/cut.ts) before the content, and for what the vectors read behind it. */
const marginBytes = 64
const contentStart = marginBytes
/** As much content as is held at least: small enough for the processor's cache, large enough for few system calls. */
const minWindowBytes = 768 * 1024

/** The part of WebAssembly that is used here; its types come with the browser's, which ferry does without. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => object
  readonly Memory: new (limits: { initial: number }) => WasmMemory
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}
interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

let module: object | undefined

export function createCutter(): Cutter {
  module ??= new WebAssembly.Module(Buffer.from(cutWasm, 'base64'))
  const memory = new WebAssembly.Memory({ initial: 1 })
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as Exports

  new Uint8Array(memory.buffer).set(halfByteTables)
  new Uint8Array(memory.buffer, 32, 16).fill(0x0f)
  new Uint16Array(memory.buffer, 48, 8).fill(0xff)

  let parameters: ChunkerParameters | undefined
  let content = new Uint8Array(memory.buffer)
  let limit = 0
  // [from, end) is content that is not cut yet; no cut ends in [from, resume).
  let from = contentStart
  let resume = contentStart
  let end = contentStart

  return {
    begin(next) {
      if (next.minBytes < 2 * hashWindowBytes)
        throw new RangeError('chunks smaller than the window of the hash')
      parameters = next
      // Room for a rest of nearly one chunk, and for a whole one behind it.
      limit = contentStart + Math.max(minWindowBytes, 2 * next.maxBytes)
      const missing = limit + marginBytes - memory.buffer.byteLength
      if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
      content = new Uint8Array(memory.buffer)
      from = resume = end = contentStart
    },
    space() {
      content.copyWithin(contentStart, from, end)
      resume -= from - contentStart
      end -= from - contentStart
      from = contentStart
      return content.subarray(end, limit)
    },
    filled(bytes) {
      end += bytes
    },
    next(final) {
      if (!parameters || from === end) return undefined
      const { minBytes, avgBytes, maxBytes, strictThreshold, lenientThreshold } = parameters
      let cut = exports.findCut(
        from,
        resume,
        end,
        minBytes,
        avgBytes,
        maxBytes,
        multiplier,
        strictThreshold,
        lenientThreshold,
      )
      if (cut === 0) {
        resume = end
        if (!final) return undefined
        cut = end
      }
      const chunk = content.subarray(from, cut)
      from = resume = cut
      return chunk
    },
  }
}

let shared: Cutter | undefined

/** One cutter for each thread, so that its memory is used again. Only for callers that finish before they return. */
export function threadCutter(): Cutter {
  shared ??= createCutter()
  return shared
}
