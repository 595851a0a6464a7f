/**
 * Proofs of a share's secret. Both ends prove that they know it, to each other and for this conversation only: each
 * proof covers both nonces, both peer ids and the side that made it. The secret itself never leaves the process. Pure.
 */
import { timingSafeEqual } from 'node:crypto'
import { deriveKey, keyedHash } from '../blobs/hash.ts'

export const nonceBytes = 32
export const proofBytes = 32

export type Role = 'provider' | 'receiver'

export interface ProofInput {
  readonly secret: Uint8Array
  readonly role: Role
  readonly shareId: Uint8Array
  readonly providerPeer: string
  readonly receiverPeer: string
  readonly providerNonce: Uint8Array
  readonly receiverNonce: Uint8Array
}

/** The public name of a share: 32 bytes from which the secret cannot be found. */
export function shareIdOf(secret: Uint8Array): Uint8Array {
  return deriveKey('ferry share id v1', secret)
}

/** The key under which providers of a share find each other in the DHT. Not the share id, and not the root. */
export function discoveryKeyOf(secret: Uint8Array): Uint8Array {
  return deriveKey('ferry dht v1', secret)
}

/** 32 bytes. The peer ids bind the proof to the two ends of the encrypted link, so it cannot be passed on. */
export function proofOf(input: ProofInput): Uint8Array {
  const key = deriveKey('ferry proof v1', input.secret)
  return keyedHash(
    key,
    Buffer.concat([
      lengthPrefixed(Buffer.from(input.role)),
      lengthPrefixed(input.shareId),
      lengthPrefixed(Buffer.from(input.providerPeer)),
      lengthPrefixed(Buffer.from(input.receiverPeer)),
      lengthPrefixed(input.providerNonce),
      lengthPrefixed(input.receiverNonce),
    ]),
  )
}

/** Compares in constant time. */
export function isProof(proof: Uint8Array, input: ProofInput): boolean {
  const expected = proofOf(input)
  return proof.byteLength === expected.byteLength && timingSafeEqual(proof, expected)
}

/** Keeps fields of changing length from running into each other. */
function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(bytes.byteLength), bytes])
}
