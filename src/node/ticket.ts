/**
 * Tickets: `ferry1` and bech32m text that names a peer, its addresses, a share's secret and, if it was known, the root.
 * Pure. Reading is strict about the content and lenient about how it was pasted; a message never repeats the text, which
 * is a secret.
 *
 * Bytes: u8 version (low 4 bits) and flags (0x10: root follows), 32 public key, 16 secret, [32 root], then addresses:
 * u8 kind, host (4: 4 bytes, 6: 16 bytes, 68: u8 length and name), u16 big-endian port.
 */
import { bech32m } from '@scure/base'
import { FerryError } from '../shared/errors.ts'
import { filterAddresses, formatIp6, parseAddress, parseIp6, anyReach } from './addresses.ts'
import { maxAddressesPerPeer, maxTicketChars, maxTicketInputChars } from './limits.ts'
import { peerIdOf, publicKeyBytes, publicKeyOf } from './peer-id.ts'

export interface Ticket {
  readonly version: 1
  /** The owner, as peer id text. */
  readonly peer: string
  /** Multiaddrs without the peer id, most useful first. */
  readonly addrs: readonly string[]
  /** 16 bytes. */
  readonly secret: Uint8Array
  /** 32 bytes; a ticket with a root is good for that content only. */
  readonly root?: Uint8Array
}

export const secretBytes = 16
const rootBytes = 32
const currentVersion = 1
const rootFlag = 0x10
const kindIp4 = 4
const kindIp6 = 6
const kindName = 68
const prefix = 'ferry'
const checksumChars = 6
const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const minPayloadBytes = 1 + publicKeyBytes + secretBytes
/** Characters of the shortest ticket: no address, no root. */
const minTicketChars = prefix.length + 1 + Math.ceil((minPayloadBytes * 8) / 5) + checksumChars

const copyHint = 'copy the whole line after "ferry receive"'

/** Addresses that are not worth a dial, or do not fit, are left out; the least useful first. */
export function encodeTicket(ticket: Ticket): string {
  const fixed = [
    Uint8Array.of(currentVersion | (ticket.root ? rootFlag : 0)),
    publicKeyOf(ticket.peer),
    ticket.secret,
    ...(ticket.root ? [ticket.root] : []),
  ]
  const { usable } = filterAddresses(ticket.addrs, anyReach, maxAddressesPerPeer)
  const addresses: Uint8Array[] = []
  let bytes = fixed.reduce((sum, part) => sum + part.byteLength, 0)
  for (const address of usable.map(encodeAddress)) {
    if (ticketChars(bytes + address.byteLength) > maxTicketChars) continue
    bytes += address.byteLength
    addresses.push(address)
  }
  return bech32m.encode(prefix, bech32m.toWords(Buffer.concat([...fixed, ...addresses])), maxTicketChars)
}

const ticketChars = (bytes: number): number => prefix.length + 1 + Math.ceil((bytes * 8) / 5) + checksumChars

/**
 * Reads a ticket from pasted text: any case, in quotes, wrapped over lines, with `ferry receive ` before it, as a
 * `ferry:` URI, percent-encoded, or with invisible characters inside.
 * @throws E_TICKET with what is wrong and what to do; E_TICKET_VERSION when a newer ferry made it.
 */
export function parseTicket(input: string): Ticket {
  const text = normalise(input)
  if (text === '') throw bad('it is empty', 'copy the ticket that "ferry share" prints')
  if (!text.startsWith(`${prefix}1`)) {
    if (/^ferry[02-9]/.test(text)) throw newer()
    if (text.length < prefix.length + 1 && `${prefix}1`.startsWith(text)) throw cutOff(text)
    throw bad('this is not a ticket', 'a ticket begins with ferry1; copy the line that "ferry share" prints')
  }
  if (text.length < minTicketChars) throw cutOff(text)
  if (text.length > maxTicketChars)
    throw bad(
      `it has ${text.length} characters, more than any ticket`,
      'give only the ticket, without words after it',
    )
  const words = decodeWords(text)
  const payload = bech32m.fromWordsUnsafe(words)
  if (!payload) throw bad('its last character carries what no ticket carries', copyHint)
  return decodePayload(payload)
}

function normalise(input: string): string {
  if (input.length > maxTicketInputChars)
    throw bad(`the text is ${input.length} characters long, more than any ticket`, copyHint)
  let text = input.replace(/[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFEFF]/g, '')
  if (/%[0-9a-f]{2}/i.test(text)) {
    try {
      text = decodeURIComponent(text)
    } catch {
      throw bad('its percent-encoding is broken', copyHint)
    }
  }
  text = text
    .trim()
    .replace(/^[$>#\s]*["'`\u201c\u201d\u2018\u2019\u201e\u00ab<([]*/, '')
    .replace(/["'`\u201c\u201d\u2018\u2019\u00bb>)\].,;\s]*$/, '')
    .toLowerCase()
    .replace(/^ferry\s+(receive|get|ls)\s+["'`]?/, '')
    .replace(/^ferry:(\/\/)?/, '')
    .replace(/[\s\\]+/g, '')
  return text.replace(/\/$/, '')
}

function decodeWords(text: string): number[] {
  const strange = Array.from(text.slice(prefix.length + 1)).findIndex((char) => !alphabet.includes(char))
  if (strange >= 0) throw bad(`character ${strange + prefix.length + 2} is one that no ticket has`, copyHint)
  const decoded = bech32m.decodeUnsafe(text, maxTicketChars)
  if (decoded) return decoded.words
  const wrong = findWrongCharacter(text)
  if (wrong !== undefined)
    throw bad(`character ${wrong + 1} of ${text.length} is wrong`, `${copyHint}, do not type it`)
  throw bad(
    `it is incomplete or was changed (${text.length} characters, the checksum does not match)`,
    copyHint,
  )
}

/**
 * The place of the only wrong character, if changing one makes the checksum right. By chance that happens to one broken
 * ticket in 200,000. It is shown, never repaired: a guess must not choose whom to trust.
 */
function findWrongCharacter(text: string): number | undefined {
  for (let at = prefix.length + 1; at < text.length; at++)
    for (const char of alphabet) {
      if (char === text[at]) continue
      if (bech32m.decodeUnsafe(text.slice(0, at) + char + text.slice(at + 1), maxTicketChars)) return at
    }
  return undefined
}

function decodePayload(bytes: Uint8Array): Ticket {
  const head = bytes[0] as number
  if ((head & 0x0f) !== currentVersion || (head & 0xe0) !== 0) throw newer()
  const hasRoot = (head & rootFlag) !== 0
  let at = 1
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.byteLength) throw bad('it ends too early', copyHint)
    at += length
    return bytes.slice(at - length, at)
  }
  const peer = peerIdOf(take(publicKeyBytes))
  const secret = take(secretBytes)
  const root = hasRoot ? take(rootBytes) : undefined
  const addrs: string[] = []
  while (at < bytes.byteLength) {
    if (addrs.length === maxAddressesPerPeer) throw bad('it names too many addresses', copyHint)
    addrs.push(takeAddress(take))
  }
  return { version: 1, peer, addrs, secret, ...(root ? { root } : {}) }
}

function takeAddress(take: (length: number) => Uint8Array): string {
  const kind = take(1)[0] as number
  if (kind !== kindIp4 && kind !== kindIp6 && kind !== kindName)
    throw bad('it names an address of an unknown kind', copyHint)
  const host =
    kind === kindIp4
      ? `/ip4/${take(4).join('.')}`
      : kind === kindIp6
        ? `/ip6/${formatIp6(take(16))}`
        : `/dns/${Buffer.from(take(take(1)[0] as number)).toString('latin1')}`
  const [high, low] = take(2) as unknown as [number, number]
  const address = `${host}/tcp/${(high << 8) | low}`
  if (!parseAddress(address)) throw bad('it names an address that is none', copyHint)
  return address
}

function encodeAddress(address: string): Uint8Array {
  const parsed = parseAddress(address)
  if (!parsed) throw new FerryError('E_INTERNAL', 'Cannot write the ticket: an address is not a TCP address')
  const port = [parsed.port >> 8, parsed.port & 0xff]
  if (parsed.kind === 'ip4') return Uint8Array.from([kindIp4, ...parsed.host.split('.').map(Number), ...port])
  if (parsed.kind === 'ip6')
    return Uint8Array.from([kindIp6, ...(parseIp6(parsed.host) as Uint8Array), ...port])
  return Uint8Array.from([kindName, parsed.host.length, ...Buffer.from(parsed.host.toLowerCase()), ...port])
}

function bad(reason: string, hint: string): FerryError {
  return new FerryError('E_TICKET', `Cannot read the ticket: ${reason}`, { hint })
}

function cutOff(text: string): FerryError {
  return bad(`it is cut off (${text.length} characters, the shortest has ${minTicketChars})`, copyHint)
}

function newer(): FerryError {
  return new FerryError('E_TICKET_VERSION', 'Cannot read the ticket: a newer ferry made it', {
    hint: 'update ferry on this computer, then try again',
  })
}
