/**
 * Lanes are TLS connections beside a conversation, which carry its content past libp2p's layers: those cost several times
 * the processor time of the encryption itself. A lane is not a way in: its pre-shared key was told inside the
 * conversation, behind the proof of the ticket, and is forgotten with it (docs/decisions/012).
 */
import { randomBytes } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import { deriveKey } from '../../blobs/hash.ts'
import { toHex } from '../../shared/bytes.ts'

/** Told in the welcome. */
export const laneSecretBytes = 32

export const createLaneSecret = (): Uint8Array => new Uint8Array(randomBytes(laneSecretBytes))

export interface LaneKey {
  /** Seen by everyone on the way; says nothing about the key. */
  readonly identity: string
  readonly psk: Buffer
}

export function laneKeyOf(secret: Uint8Array): LaneKey {
  return {
    identity: toHex(deriveKey('ferry lane identity v1', secret).subarray(0, 16)),
    psk: Buffer.from(deriveKey('ferry lane key v1', secret)),
  }
}

/** TLS 1.3 with an ephemeral key exchange, and nothing else: no certificate, no older version, no resumption. */
export const laneTls: SecureContextOptions = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  // Pre-shared keys go with SHA-256. AES first: it is the faster one wherever the processor has instructions for it.
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256',
  // Without certificates no authority has a say; Node would otherwise read all those that it comes with.
  ca: [],
}
