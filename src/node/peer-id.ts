/**
 * Peer ids as text (`12D3Koo…`): an Ed25519 public key in libp2p's clothing. Pure, and small enough that reading a
 * ticket does not load libp2p.
 * Source: https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md
 */
import { base58 } from '@scure/base'
import { FerryError } from '../shared/errors.ts'

export const publicKeyBytes = 32

/** Identity multihash (0x00) of 36 bytes: protobuf key type 1 (Ed25519), then 32 bytes of key. */
const prefix = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** No peer id of this kind is longer; longer text is refused before it is decoded. */
const maxPeerIdChars = 64

export function peerIdOf(publicKey: Uint8Array): string {
  const bytes = new Uint8Array(prefix.length + publicKeyBytes)
  bytes.set(prefix)
  bytes.set(publicKey, prefix.length)
  return base58.encode(bytes)
}

/** @throws E_USAGE when `peer` is not the id of an Ed25519 key. */
export function publicKeyOf(peer: string): Uint8Array {
  const bytes = peer.length <= maxPeerIdChars ? decode(peer) : undefined
  if (bytes?.length !== prefix.length + publicKeyBytes || prefix.some((byte, index) => bytes[index] !== byte))
    throw new FerryError('E_USAGE', 'Cannot read the peer id: it is not one of an Ed25519 key', {
      hint: 'a peer id looks like 12D3KooW…; ferry doctor shows your own',
    })
  return bytes.subarray(prefix.length)
}

function decode(text: string): Uint8Array | undefined {
  try {
    return base58.decode(text)
  } catch {
    return undefined
  }
}
