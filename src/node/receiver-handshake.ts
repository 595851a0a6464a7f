/** The receiver's side of the beginning: proves the secret, and lets the provider prove it too. */
import { randomBytes } from 'node:crypto'
import { FerryError } from '../shared/errors.ts'
import { isProof, nonceBytes, proofOf, shareIdOf } from './auth.ts'
import type { ProofInput } from './auth.ts'
import { isRootSignedBy } from './root-signature.ts'
import { equalBytes } from '../shared/bytes.ts'
import { decodeHello, decodeRefused, decodeWelcome, encodeAuth, wireVersion } from './wire/messages.ts'
import type { RefusalCode, Welcome } from './wire/messages.ts'
import { broken } from './wire/frames.ts'

export interface ReceiverHandshake {
  /** The proof, in answer to the provider's first word. */
  prove(hello: Uint8Array): Uint8Array
  /** @throws E_PROTOCOL when the provider does not know the secret; E_VERIFY when the root is not the owner's. */
  check(welcome: Uint8Array): Welcome
}

export interface HandshakeTarget {
  readonly secret: Uint8Array
  readonly ownPeer: string
  readonly providerPeer: string
  /** The peer whose signature makes a root good. */
  readonly owner: string
  /** The only root that is wanted, if the ticket names one. */
  readonly root?: Uint8Array | undefined
}

export function createReceiverHandshake(target: HandshakeTarget): ReceiverHandshake {
  const shareId = shareIdOf(target.secret)
  const nonce = new Uint8Array(randomBytes(nonceBytes))
  let input: Omit<ProofInput, 'role'> | undefined
  return {
    prove(body) {
      if (input) throw broken('the provider began twice')
      const hello = decodeHello(body)
      if (hello.version !== wireVersion) throw versionError(hello.version)
      input = {
        secret: target.secret,
        shareId,
        providerPeer: target.providerPeer,
        receiverPeer: target.ownPeer,
        providerNonce: hello.nonce,
        receiverNonce: nonce,
      }
      return encodeAuth({ shareId, nonce, proof: proofOf({ ...input, role: 'receiver' }) })
    },
    check(body) {
      const welcome = decodeWelcome(body)
      if (!input || !isProof(welcome.proof, { ...input, role: 'provider' }))
        throw new FerryError(
          'E_PROTOCOL',
          'Cannot trust the peer: it does not know the ticket that it says it serves',
        )
      checkRoot(welcome.root, welcome.signature, target, shareId)
      return welcome
    },
  }
}

/** @throws E_VERIFY when the owner did not sign this root; E_CHANGED when the ticket is for another one. */
export function checkRoot(
  root: Uint8Array | undefined,
  signature: Uint8Array | undefined,
  { owner, root: wanted }: Pick<HandshakeTarget, 'owner' | 'root'>,
  shareId: Uint8Array,
): void {
  if (root && (!signature || !isRootSignedBy(owner, shareId, root, signature)))
    throw new FerryError(
      'E_VERIFY',
      'Cannot trust the content: its root is not signed by the owner of the ticket',
    )
  if (wanted && root && !equalBytes(wanted, root))
    throw new FerryError('E_CHANGED', 'Cannot fetch this ticket: the content has changed since it was made', {
      hint: 'ask for a new ticket; one without --pin follows changes',
    })
}

/** What a refusal means to the user. */
export function refusalError(body: Uint8Array): FerryError {
  const code = decodeRefused(body)
  const [reason, hint, retryable = false] = refusals[code]
  return new FerryError('E_REFUSED', `Cannot fetch this ticket: ${reason}`, { hint, retryable })
}

const askAgain = 'ask for a new ticket'
const refusals: Record<RefusalCode, readonly [reason: string, hint: string, retryable?: boolean]> = {
  unknown: [
    'the peer does not offer it',
    'is "ferry share" still running there? If it is, ask for a new ticket',
    true,
  ],
  expired: ['it has expired', askAgain],
  'used-up': ['it was for one download, which has been made', askAgain],
  'not-allowed': [
    'it is for other peers only',
    'ferry doctor shows your peer id; the owner can add it with --allow',
  ],
  busy: ['the peer serves as many receivers as it can', 'try again in a moment', true],
  version: ['the peer needs another version of ferry', 'update ferry on both computers'],
}

function versionError(version: number): FerryError {
  return new FerryError(
    'E_PROTOCOL',
    `Cannot talk to the peer: it speaks version ${version} of the protocol`,
    {
      hint: version > wireVersion ? 'update ferry on this computer' : 'update ferry on the other computer',
    },
  )
}
