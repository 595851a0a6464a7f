/** Serves a fake share over the network, as its owner would, or as somebody who has it from the owner. */
import { shareIdOf } from '../../src/node/auth.ts'
import type { Identity } from '../../src/node/identity.ts'
import { signRoot } from '../../src/node/root-signature.ts'
import type { ShareOffer } from '../../src/node/share-offer.ts'
import { encodeTicket } from '../../src/node/ticket.ts'
import type { FakeShare } from './fake-share.ts'
import { testProvider, type Served } from './hosts.ts'
import { newSecret } from './memory-offer.ts'

export interface FakeOwner extends Served {
  readonly secret: Uint8Array
  readonly ticket: string
}

export interface FakeOwnerOptions {
  readonly exclusive?: boolean
}

/** Makes a ticket for the share and serves it. */
export async function serveFake(share: FakeShare, { exclusive }: FakeOwnerOptions = {}): Promise<FakeOwner> {
  const secret = newSecret()
  const served = await testProvider()
  const { host, provider } = served
  provider.offer(fakeOffer(share, { secret, owner: host.identity, exclusive }))
  const ticket = encodeTicket({ version: 1, peer: host.peer, addrs: host.addresses, secret })
  return { ...served, secret, ticket }
}

export interface FakeOfferParts {
  readonly secret: Uint8Array
  /** Whose signature the root has, whoever serves it. */
  readonly owner: Identity
  readonly exclusive?: boolean | undefined
}

/** Everything is answered by the share's own session, so that its faults show. */
export function fakeOffer(
  { session, root }: FakeShare,
  { secret, owner, exclusive = false }: FakeOfferParts,
): ShareOffer {
  const id = shareIdOf(secret)
  const signature = signRoot(owner, id, root)
  return {
    id,
    secret,
    live: undefined,
    describe: () => ({ name: session.share.name, live: false, root, signature, exclusive }),
    admit: () => undefined,
    root: () => session.root(),
    async page(number) {
      for await (const { bytes } of session.pages([{ number, hash: root }])) return bytes
      return undefined
    },
    nodeList: (entry) => session.nodeList(entry, root),
    nodes: (entry, indexes) =>
      session.nodes(
        entry,
        indexes.map((index) => ({ index, hash: root })),
      ),
    read: (ranges) => session.read(ranges),
    subChunks: (ranges) => session.subChunks(ranges),
    recheck: (ranges) => session.recheck(ranges),
    finished: () => undefined,
  }
}
