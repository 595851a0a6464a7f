/** The owner's word that a root belongs to a share. It lets receivers believe a live share's end, and each other. Pure. */
import { isSignedBy } from './identity.ts'
import type { Identity } from './identity.ts'

const label = Buffer.from('ferry root v1')

function message(shareId: Uint8Array, root: Uint8Array): Uint8Array {
  return Buffer.concat([label, shareId, root])
}

/** 64 bytes. */
export function signRoot(identity: Identity, shareId: Uint8Array, root: Uint8Array): Uint8Array {
  return identity.sign(message(shareId, root))
}

export function isRootSignedBy(
  peer: string,
  shareId: Uint8Array,
  root: Uint8Array,
  signature: Uint8Array,
): boolean {
  return isSignedBy(peer, message(shareId, root), signature)
}
