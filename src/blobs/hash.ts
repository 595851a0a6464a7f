/**
 * BLAKE3-256, the one hash of ferry. The native library (SIMD) is used where it loads, otherwise WebAssembly, which is
 * about seven times slower and gives the same bytes. `FERRY_BLAKE3=portable` asks for the second, for tests.
 *
 * Everything is synchronous; results are new 32-byte arrays. Workers load this module too, each for itself.
 */
import { createRequire } from 'node:module'
import type * as nativeBlake from '@napi-rs/blake-hash'
import type * as portableBlake from 'blake3'
import { FerryError } from '../shared/errors.ts'
import { hashBytes } from './chunk-records.ts'

interface Implementation {
  readonly name: 'native' | 'portable'
  /** Writes the 32 bytes into `target` at `offset`. */
  hashInto(bytes: Uint8Array, target: Uint8Array, offset: number): void
  keyedHash(key: Uint8Array, bytes: Uint8Array): Uint8Array
  deriveKey(context: string, material: Uint8Array): Uint8Array
}

const require = createRequire(import.meta.url)

/** The binding takes any view of memory, though its types say Buffer. */
const asBuffer = (bytes: Uint8Array): Buffer => bytes as Buffer

/** A plain array, not a Buffer: so that equal hashes are deeply equal wherever they come from. */
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

function loadNative(): Implementation {
  const { blake3UrlSafeBase64, Blake3Hasher } = require('@napi-rs/blake-hash') as typeof nativeBlake
  const scratch = Buffer.alloc(hashBytes)
  return {
    name: 'native',
    // A Buffer made in native code costs a finalizer and twice the time of a text; it shows in trees of small files.
    hashInto(bytes, target, offset) {
      scratch.write(blake3UrlSafeBase64(asBuffer(bytes)), 'base64url')
      target.set(scratch, offset)
    },
    keyedHash: (key, bytes) =>
      plain(Blake3Hasher.newKeyed(asBuffer(key)).update(asBuffer(bytes)).digestBuffer()),
    deriveKey: (context, material) => plain(Blake3Hasher.deriveKey(context, asBuffer(material))),
  }
}

function loadPortable(): Implementation {
  const blake3 = require('blake3') as typeof portableBlake
  return {
    name: 'portable',
    hashInto: (bytes, target, offset) => target.set(blake3.hash(bytes) as Buffer, offset),
    keyedHash: (key, bytes) => plain(blake3.keyedHash(asBuffer(key), bytes)),
    deriveKey: (context, material) => plain(blake3.deriveKey(context, material)),
  }
}

function load(): Implementation {
  if (process.env['FERRY_BLAKE3'] === 'portable') return loadPortable()
  try {
    return loadNative()
  } catch {
    // No prebuilt binary for this platform, or optional packages were left out at installation.
    return loadPortable()
  }
}

const implementation = load()

/** Which of the two is in use; for `ferry doctor`. */
export const hashImplementation: 'native' | 'portable' = implementation.name

/** BLAKE3-256 of `bytes`. */
export function hash(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(hashBytes)
  implementation.hashInto(bytes, result, 0)
  return result
}

/** The same, written into `target` at `offset`: for lists of hashes. */
export function hashInto(bytes: Uint8Array, target: Uint8Array, offset: number): void {
  implementation.hashInto(bytes, target, offset)
}

const computed = new Uint8Array(hashBytes)

/** True when the hash of `bytes` stands in `hashes` at `offset`. */
export function hasHash(bytes: Uint8Array, hashes: Uint8Array, offset: number): boolean {
  implementation.hashInto(bytes, computed, 0)
  for (let index = 0; index < hashBytes; index++) if (computed[index] !== hashes[offset + index]) return false
  return true
}

/**
 * BLAKE3 as a message authentication code.
 * @throws E_INTERNAL when `key` is not 32 bytes long.
 */
export function keyedHash(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (key.byteLength !== hashBytes)
    throw new FerryError(
      'E_INTERNAL',
      `Cannot make a keyed hash: the key has ${key.byteLength} bytes, not 32`,
    )
  return implementation.keyedHash(key, bytes)
}

/** BLAKE3 as a key derivation: `context` is a constant of the program that names the purpose. */
export function deriveKey(context: string, material: Uint8Array): Uint8Array {
  return implementation.deriveKey(context, material)
}
