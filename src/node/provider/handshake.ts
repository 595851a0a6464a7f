/**
 * The provider's side of the beginning: a nonce goes out, a proof comes in, and the answer is a welcome or a refusal. An
 * unknown share and a wrong proof look the same from outside, in words and in work done.
 */
import { randomBytes } from 'node:crypto'
import { isProof, nonceBytes, proofOf } from '../auth.ts'
import type { ProofInput } from '../auth.ts'
import { secretBytes } from '../ticket.ts'
import type { AdmissionRefusal, ShareOffer } from '../share-offer.ts'
import { decodeAuth, encodeRefused, encodeWelcome } from '../wire/messages.ts'
import type { RefusalCode } from '../wire/messages.ts'

export interface HandshakeContext {
  readonly ownPeer: string
  readonly remotePeer: string
  readonly nonce: Uint8Array
  findShare(id: Uint8Array): ShareOffer | undefined
  /** For the welcome; see lanes/keys.ts. */
  readonly laneSecret: Uint8Array | undefined
  /** Room for one more conversation about this share with this peer. */
  hasRoom(share: ShareOffer): boolean
}

export type HandshakeOutcome =
  | { readonly share: ShareOffer; readonly numbering: 'live' | 'sealed'; readonly welcome: Uint8Array }
  | { readonly refused: Uint8Array; readonly code: RefusalCode; readonly share?: ShareOffer }

export const createNonce = (): Uint8Array => new Uint8Array(randomBytes(nonceBytes))

/** @throws E_PROTOCOL when the message is not well-formed. */
export function judgeAuth(body: Uint8Array, context: HandshakeContext): HandshakeOutcome {
  const auth = decodeAuth(body)
  const share = context.findShare(auth.shareId)
  const input: Omit<ProofInput, 'role'> = {
    // The same work for a share that is not here.
    secret: share?.secret ?? new Uint8Array(randomBytes(secretBytes)),
    shareId: auth.shareId,
    providerPeer: context.ownPeer,
    receiverPeer: context.remotePeer,
    providerNonce: context.nonce,
    receiverNonce: auth.nonce,
  }
  const isProven = isProof(auth.proof, { ...input, role: 'receiver' })
  if (!share || !isProven) return refuse('unknown')
  const refusal: AdmissionRefusal | undefined = share.admit(context.remotePeer)
  if (refusal) return refuse(refusal, share)
  if (!context.hasRoom(share)) return refuse('busy', share)
  const { name, live, root, signature, exclusive } = share.describe()
  const welcome = encodeWelcome({
    proof: proofOf({ ...input, role: 'provider' }),
    name,
    live,
    root,
    signature,
    complete: share.holdings === undefined,
    exclusive,
    laneSecret: context.laneSecret,
  })
  return { share, numbering: live ? 'live' : 'sealed', welcome }
}

function refuse(code: RefusalCode, share?: ShareOffer): HandshakeOutcome {
  return { refused: encodeRefused(code), code, ...(share && { share }) }
}
