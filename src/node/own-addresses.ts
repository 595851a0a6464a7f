/** At which addresses others may reach this computer, most useful first. */
import { networkInterfaces } from 'node:os'
import { createServer } from 'node:net'
import { FerryError, isSystemError, toFerryError } from '../shared/errors.ts'
import { anyReach, filterAddresses, formatAddress, localReach, parseAddress } from './addresses.ts'
import type { ParsedAddress } from './addresses.ts'
import { maxAddressesPerPeer } from './limits.ts'

/** Bridges of containers and virtual machines: nobody outside can use their addresses, so they come last. */
const inwardInterface = /^(docker|br-|veth|virbr|vmnet|vboxnet|lxc|podman)/

/**
 * `host:port`, `[ip6]:port`, `host`, or a multiaddr, as an address; port 0 means a free one.
 * @throws E_USAGE for anything else.
 */
export function parseListenAddress(text: string, defaultPort = 0): ParsedAddress {
  const direct = parseAddress(text)
  if (direct) return direct
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/]+))(?::(\d{1,5}))?$/i.exec(text)
  const bare = text.includes(':') && !match ? text : undefined
  const host = match?.[1] ?? match?.[2] ?? bare
  const parsed =
    host === undefined ? undefined : parseAddress(formatAddress(host, Number(match?.[3] ?? defaultPort)))
  if (!parsed)
    throw new FerryError('E_USAGE', `Cannot use ${JSON.stringify(text)} as an address: it is not HOST:PORT`, {
      hint: 'for example 192.168.1.5:4001, [2001:db8::5]:4001 or /ip4/0.0.0.0/tcp/4001',
    })
  return parsed
}

/**
 * The first of these ports that is free on `host`, 0 standing for any free one.
 * @throws E_PERMISSION, E_USAGE or E_IO when none can be had.
 */
export async function findPort(host: string, ports: readonly number[]): Promise<number> {
  for (const [index, port] of ports.entries()) {
    const server = createServer()
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ host, port, ipv6Only: host.includes(':') }, resolve)
      })
      const address = server.address()
      if (address !== null && typeof address === 'object') return address.port
    } catch (error) {
      const isTaken = isSystemError(error) && (error.code === 'EADDRINUSE' || error.code === 'EACCES')
      if (!isTaken || index === ports.length - 1) throw listenError(error, host, port)
    } finally {
      server.close()
    }
  }
  throw new FerryError('E_INTERNAL', 'Cannot listen: no port was given')
}

function listenError(error: unknown, host: string, port: number): FerryError {
  const what = `Cannot listen on ${host} port ${port}`
  const code = isSystemError(error) ? error.code : ''
  // A name that cannot be resolved is no address of this computer either.
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(code))
    return new FerryError('E_USAGE', `${what}: it is not an address of this computer`, {
      cause: error,
      hint: 'listen on every address with --listen 0.0.0.0:4001, or leave it out',
    })
  if (code === 'EADDRINUSE')
    return new FerryError('E_CONFLICT', `${what}: another program listens there`, {
      cause: error,
      hint: 'choose another port with --listen',
    })
  return toFerryError(error, what)
}

/**
 * What to tell others for these listening addresses: a wildcard becomes the address of every interface. Loopback stays
 * only when it is all there is.
 */
export function addressesToTell(listening: readonly ParsedAddress[], local: boolean): readonly string[] {
  const found: string[] = []
  for (const { host, port } of listening) {
    if (host === '0.0.0.0' || host === '::') found.push(...interfaceAddresses(host === '::', port))
    else found.push(formatAddress(host, port))
  }
  const { usable } = filterAddresses(found, local ? localReach : anyReach, maxAddressesPerPeer)
  // A link-local address needs the name of an interface, which differs on the other computer.
  const reachable = usable.filter((address) => parseAddress(address)?.reach !== 'link-local')
  const outside = reachable.filter((address) => parseAddress(address)?.reach !== 'loopback')
  return outside.length > 0 ? outside : reachable
}

function interfaceAddresses(ip6: boolean, port: number): string[] {
  const outward: string[] = []
  const inward: string[] = []
  for (const [name, addresses] of Object.entries(networkInterfaces()))
    for (const { address, family } of addresses ?? [])
      if ((family === 'IPv6') === ip6)
        (inwardInterface.test(name) ? inward : outward).push(formatAddress(address, port))
  return [...outward, ...inward]
}
