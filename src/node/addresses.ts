/**
 * Which addresses are worth dialling or telling, and in what order. An address is a multiaddr of the shape
 * `/ip4|ip6|dns4|dns6|dns/HOST/tcp/PORT`; anything else is dropped with a reason. Pure.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { mailAndLoginPorts } from './limits.ts'

export type Reach = 'loopback' | 'link-local' | 'private' | 'public' | 'name'

export interface ParsedAddress {
  readonly kind: 'ip4' | 'ip6' | 'dns'
  readonly host: string
  readonly port: number
  readonly reach: Reach
}

export interface AddressPolicy {
  /** Addresses of this machine are worth it. */
  readonly loopback: boolean
  /** Addresses that only mean something inside one network are worth it. */
  readonly private: boolean
  /** Addresses outside private ranges are worth it; names count as such. */
  readonly public: boolean
}

/** A ticket may name anything: its author is the one whose files are wanted. */
export const anyReach: AddressPolicy = { loopback: true, private: true, public: true }
/** `--local`: nothing outside private ranges. */
export const localReach: AddressPolicy = { loopback: true, private: true, public: false }
/** What strangers in the DHT say: they must not make us knock at doors inside our own network. */
export const publicReach: AddressPolicy = { loopback: false, private: false, public: true }

export interface FilteredAddresses {
  /** Most useful first. */
  readonly usable: readonly string[]
  readonly dropped: readonly { readonly address: string; readonly reason: string }[]
}

const maxNameLength = 253
const namePattern = /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/i

/** Undefined for anything that is not a TCP address. */
export function parseAddress(address: string): ParsedAddress | undefined {
  if (address.length > maxNameLength + 40) return undefined
  const match = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})$/.exec(address)
  if (!match) return undefined
  const [, kind, host, portText] = match as unknown as [string, string, string, string]
  const port = Number(portText)
  if (port > 65535) return undefined
  if (kind === 'ip4') return isIPv4(host) ? { kind, host, port, reach: reachOfIp4(host) } : undefined
  if (kind === 'ip6') {
    const bytes = parseIp6(host)
    return bytes ? { kind, host, port, reach: reachOfIp6(bytes) } : undefined
  }
  if (host.length > maxNameLength || !namePattern.test(host)) return undefined
  const isLocal = /(^|\.)(localhost|local|internal|lan|home\.arpa)$/i.test(host)
  return {
    kind: 'dns',
    host,
    port,
    reach: /(^|\.)localhost$/i.test(host) ? 'loopback' : isLocal ? 'private' : 'name',
  }
}

export function formatAddress(host: string, port: number): string {
  return `/${isIPv4(host) ? 'ip4' : isIPv6(host) ? 'ip6' : 'dns'}/${host}/tcp/${port}`
}

/** `host:port` as people write it. */
export function displayAddress(address: string): string {
  const parsed = parseAddress(address)
  if (!parsed) return address
  return parsed.kind === 'ip6' ? `[${parsed.host}]:${parsed.port}` : `${parsed.host}:${parsed.port}`
}

/** Why nobody should dial this address, or undefined when it is fine. */
export function reasonAgainst(address: string, policy: AddressPolicy): string | undefined {
  const parsed = parseAddress(address)
  if (!parsed) return 'not a TCP address'
  if (parsed.port === 0) return 'port 0'
  if (mailAndLoginPorts.has(parsed.port)) return `port ${parsed.port} belongs to another service`
  if (parsed.kind !== 'dns' && isUnusable(parsed)) return 'not the address of one machine'
  if (parsed.reach === 'loopback' && !policy.loopback) return 'loopback address'
  if ((parsed.reach === 'private' || parsed.reach === 'link-local') && !policy.private)
    return 'private address'
  if ((parsed.reach === 'public' || parsed.reach === 'name') && !policy.public)
    return 'outside the local network'
  return undefined
}

/** Drops what is useless or unwanted, duplicates too; at most `max` are kept, public ones first. */
export function filterAddresses(
  addresses: readonly string[],
  policy: AddressPolicy,
  max: number,
): FilteredAddresses {
  const dropped: { address: string; reason: string }[] = []
  const kept = [...new Set(addresses)].filter((address) => {
    const reason = reasonAgainst(address, policy)
    if (reason !== undefined) dropped.push({ address, reason })
    return reason === undefined
  })
  const sorted = sortByUse(kept)
  for (const address of sorted.slice(max)) dropped.push({ address, reason: 'too many addresses' })
  return { usable: sorted.slice(0, max), dropped }
}

const useOf: Record<Reach, number> = { name: 0, public: 1, private: 2, 'link-local': 3, loopback: 4 }

/** Names and public addresses first, then those of the local network, this machine last; otherwise in the order given. */
export function sortByUse(addresses: readonly string[]): string[] {
  const use = (address: string): number => useOf[parseAddress(address)?.reach ?? 'loopback']
  return addresses.toSorted((one, other) => use(one) - use(other))
}

function isUnusable(address: ParsedAddress): boolean {
  if (address.kind === 'ip4') {
    const first = Number(address.host.split('.')[0])
    return first === 0 || first >= 224
  }
  const bytes = parseIp6(address.host) as Uint8Array
  return bytes[0] === 0xff || bytes.every((byte) => byte === 0)
}

function reachOfIp4(host: string): Reach {
  const [a, b] = host.split('.').map(Number) as [number, number]
  if (a === 127) return 'loopback'
  if (a === 169 && b === 254) return 'link-local'
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 'private'
  // Shared address space of providers (100.64/10), which overlay networks such as Tailscale use too.
  if (a === 100 && b >= 64 && b < 128) return 'private'
  return 'public'
}

function reachOfIp6(bytes: Uint8Array): Reach {
  const [a, b] = bytes as unknown as [number, number]
  if (bytes.subarray(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return 'loopback'
  if (a === 0xfe && (b & 0xc0) === 0x80) return 'link-local'
  if ((a & 0xfe) === 0xfc) return 'private'
  // An IPv4 address in IPv6 clothing (::ffff:a.b.c.d) reaches as far as the IPv4 one.
  if (bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff)
    return reachOfIp4(bytes.subarray(12).join('.'))
  return 'public'
}

/** The 16 bytes of an IPv6 address without a zone, or undefined. */
export function parseIp6(host: string): Uint8Array | undefined {
  if (!isIPv6(host) || host.includes('%')) return undefined
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host)
  const hex = (high: number, low: number): string => ((high << 8) | low).toString(16)
  const text = dotted
    ? `${dotted[1]}${hex(Number(dotted[2]), Number(dotted[3]))}:${hex(Number(dotted[4]), Number(dotted[5]))}`
    : host
  const [head = '', tail] = text.split('::')
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => parseInt(group, 16))
  const first = groups(head)
  const last = tail === undefined ? [] : groups(tail)
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}

/** The shortest text of 16 bytes as an IPv6 address (RFC 5952). */
export function formatIp6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[index * 2]! << 8) | bytes[index * 2 + 1]!).toString(16),
  )
  let best = { start: -1, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === '0') length++
    if (length > best.length) best = { start, length }
  }
  if (best.start < 0) return groups.join(':')
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`
}
