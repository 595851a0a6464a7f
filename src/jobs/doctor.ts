/**
 * Looks whether ferry can work here: Node, data directory, store, identity, listening, addresses, discovery, clock,
 * space. Every check stands alone, so that one failure does not hide the next. Changes nothing, but for making the data
 * directory and the identity as any first use does.
 */
import { statfs } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { FerryError, toFerryError } from '../shared/errors.ts'
import { formatBytes } from '../shared/units.ts'
import type { FerryTools } from './tools.ts'
import type { NetworkOptions } from './types.ts'

export interface DoctorCheck {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly text: string
  readonly hint?: string | undefined
}

type Finding = Omit<DoctorCheck, 'name'>

/** Below this a store may run full while it works. */
const lowSpaceBytes = 200e6
/** No ferry ran before this: an earlier date means that the clock is not set, and shares would expire wrongly. */
const earliestPlausibleMs = Date.UTC(2026, 0, 1)

export async function examine(tools: FerryTools, nowMs: number = Date.now()): Promise<DoctorCheck[]> {
  const { network } = tools
  const checks: readonly (readonly [string, () => Finding | Promise<Finding>])[] = [
    ['node', () => ok(`Node.js ${process.versions.node} on ${process.platform} ${process.arch}`)],
    ['store', () => checkStore(tools)],
    ['identity', () => checkIdentity(tools)],
    ['space', () => checkSpace(tools.directory)],
    ['listen', () => checkListening(network)],
    ['addresses', () => checkAddresses(network)],
    ['discovery', () => checkDiscovery(network)],
    ['clock', () => checkClock(nowMs)],
  ]
  const done: DoctorCheck[] = []
  // One after the other: the store makes the folder that later checks look at.
  for (const [name, check] of checks) {
    try {
      done.push({ name, ...(await check()) })
    } catch (error) {
      const { message, hint } = toFerryError(error, `Cannot check ${name}`)
      done.push({ name, state: 'failed', text: message, hint })
    }
  }
  return done
}

const ok = (text: string): Finding => ({ state: 'ok', text })
const warning = (text: string, hint: string): Finding => ({ state: 'warning', text, hint })

async function checkStore(tools: FerryTools): Promise<Finding> {
  const { isSound } = await import('../blobs/store/open-store.ts')
  const store = await tools.store()
  if (store.setAside.length > 0) {
    return warning(
      `a damaged part was set aside: ${store.setAside.join(', ')}`,
      'files will be hashed again when they are shared; the set-aside file may be deleted',
    )
  }
  if (!isSound(store.index) || !isSound(store.sharesDatabase)) {
    throw new FerryError('E_STORE', `The store in ${store.directory} is damaged`, {
      hint: 'run any other command: it sets the damaged part aside and rebuilds it',
    })
  }
  return ok(`${store.directory} is sound, ${store.shares.list().length} shares`)
}

async function checkIdentity(tools: FerryTools): Promise<Finding> {
  return ok((await tools.identity()).peer)
}

async function checkSpace(directory: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory)
  const free = bavail * bsize
  const text = `${formatBytes(free)} free at ${directory}`
  return free < lowSpaceBytes ? warning(text, 'free some space, or set FERRY_HOME to another disk') : ok(text)
}

async function checkListening(network: NetworkOptions): Promise<Finding> {
  const { findPort, parseListenAddress } = await import('../node/own-addresses.ts')
  const wanted = network.listen ?? ['0.0.0.0:0']
  for (const text of wanted) {
    const { host, port } = parseListenAddress(text)
    await findPort(host, [port])
  }
  const place = network.listen ? wanted.join(', ') : 'any port'
  return ok(
    `can listen on ${place} (whether others get through a router or firewall does not show from here)`,
  )
}

function checkAddresses(network: NetworkOptions): Finding {
  if (network.announce) return ok(`announces ${network.announce.join(', ')}`)
  const found = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((each) => !each.internal && !each.address.startsWith('fe80:'))
    .map((each) => each.address)
  if (found.length === 0) {
    return warning('this computer has no network address', 'only transfers within this computer will work')
  }
  return ok(found.join(', '))
}

function checkDiscovery(network: NetworkOptions): Finding {
  const local = network.local ? 'local network only' : 'local network (mDNS)'
  if (network.dht === false || network.local) return ok(`${local}; DHT is off`)
  const entry = network.bootstrap ?? []
  return ok(
    entry.length > 0
      ? `${local}; DHT through ${entry.length} bootstrap peers`
      : `${local}; DHT only through peers met (no --bootstrap or FERRY_BOOTSTRAP)`,
  )
}

function checkClock(nowMs: number): Finding {
  const text = new Date(nowMs).toISOString()
  if (nowMs >= earliestPlausibleMs) return ok(text)
  return warning(`${text} cannot be right`, 'set the clock: shares with --expire rely on it')
}
