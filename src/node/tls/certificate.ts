/**
 * Certificates of libp2p's TLS handshake: self-signed, with a fresh P-256 key, and an extension in which the peer's long-term
 * key vouches for the certificate's key. The peer id is that of the key in the extension; names in the certificate mean
 * nothing.
 *
 * Source: https://github.com/libp2p/specs/blob/master/tls/tls.md
 */
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey, PublicKey } from '@libp2p/interface'
import { FerryError } from '../../shared/errors.ts'
import { contextTag, type DerElement, der, derTag, readDer } from './der.ts'

/** 1.3.6.1.4.1.53594.1.1, allotted to Protocol Labs for this extension. */
const extensionId = Buffer.from('2b0601040183a25a0101', 'hex')
const ecdsaWithSha256 = der(derTag.sequence, der(derTag.objectId, Buffer.from('2a8648ce3d040302', 'hex')))
const signaturePrefix = Buffer.from('libp2p-tls-handshake:')
/** Certificates of other implementations are below 1 KiB with Ed25519 and below 2 KiB with RSA-4096 host keys. */
const maxCertificateBytes = 8192
const hourMs = 3_600_000
const yearMs = 365 * 24 * hourMs

export interface Certificate {
  /** PEM texts for node:tls. */
  readonly cert: string
  readonly key: string
}

/** Makes a key and a certificate for it that `hostKey` vouches for. */
export async function createCertificate(hostKey: PrivateKey): Promise<Certificate> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' })
  const vouched = await hostKey.sign(Buffer.concat([signaturePrefix, spki]))
  const signedKey = der(
    derTag.sequence,
    der(derTag.octetString, publicKeyToProtobuf(hostKey.publicKey)),
    der(derTag.octetString, vouched),
  )
  const serial = randomBytes(8)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40 // positive, and no leading zero byte
  const now = Date.now()
  const body = der(
    derTag.sequence,
    der(contextTag(0), der(derTag.integer, Buffer.from([2]))), // version 3
    der(derTag.integer, serial),
    ecdsaWithSha256,
    der(derTag.sequence), // issuer: empty, as the subject
    der(derTag.sequence, time(now - hourMs), time(now + 100 * yearMs)),
    der(derTag.sequence),
    spki,
    der(
      contextTag(3),
      der(
        derTag.sequence,
        der(derTag.sequence, der(derTag.objectId, extensionId), der(derTag.octetString, signedKey)),
      ),
    ),
  )
  const signature = sign('sha256', body, pair.privateKey)
  const certificate = der(
    derTag.sequence,
    body,
    ecdsaWithSha256,
    der(derTag.bitString, Buffer.from([0]), signature),
  )
  return {
    cert: pem('CERTIFICATE', certificate),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

/**
 * Checks a peer's certificate as the specification says and returns the peer's long-term key.
 * @throws E_PROTOCOL when it is malformed, expired, not self-signed, or not vouched for.
 */
export async function verifyCertificate(raw: Uint8Array, nowMs: number = Date.now()): Promise<PublicKey> {
  if (raw.byteLength === 0 || raw.byteLength > maxCertificateBytes) throw refuse('it is missing or too large')
  let certificate: X509Certificate
  let selfSigned: boolean
  try {
    certificate = new X509Certificate(raw)
    selfSigned = certificate.verify(certificate.publicKey)
  } catch (error) {
    throw refuse('it cannot be read', error)
  }
  // A date that cannot be read is NaN, and every comparison with it is false.
  if (!(certificate.validFromDate.getTime() <= nowMs && nowMs <= certificate.validToDate.getTime())) {
    throw refuse('it is not valid now (is the clock right on both computers?)')
  }
  if (!selfSigned) throw refuse('it is not signed by its own key')
  const signedKey = readDer(findExtension(raw))[0]
  const [publicKey, signature, ...rest] = signedKey?.tag === derTag.sequence ? readDer(signedKey.content) : []
  if (publicKey?.tag !== derTag.octetString || signature?.tag !== derTag.octetString || rest.length > 0) {
    throw refuse('its libp2p extension is malformed')
  }
  let hostKey: PublicKey
  let vouched: boolean
  try {
    hostKey = publicKeyFromProtobuf(publicKey.content)
    vouched = await hostKey.verify(Buffer.concat([signaturePrefix, publicKeyInfo(raw)]), signature.content)
  } catch (error) {
    throw refuse('its libp2p key cannot be read', error)
  }
  if (!vouched) throw refuse('its key is not vouched for by the peer')
  return hostKey
}

/** The SubjectPublicKeyInfo as it stands in the certificate; the seventh field behind a version. */
function publicKeyInfo(raw: Uint8Array): Uint8Array {
  return child(signedPart(raw), 6, derTag.sequence).bytes
}

function signedPart(raw: Uint8Array): DerElement {
  return child(child({ content: raw }, 0, derTag.sequence), 0, derTag.sequence)
}

/** The value of the libp2p extension. Others may stand beside it only when they are not critical. */
function findExtension(raw: Uint8Array): Uint8Array {
  const wrapped = readDer(signedPart(raw).content).find((element) => element.tag === contextTag(3))
  if (!wrapped) throw refuse('it has no libp2p extension')
  let found: Uint8Array | undefined
  for (const extension of readDer(child(wrapped, 0, derTag.sequence).content)) {
    const parts = readDer(extension.content)
    const id = parts[0]
    const value = parts.at(-1)
    if (id?.tag !== derTag.objectId || value?.tag !== derTag.octetString)
      throw refuse('an extension is malformed')
    if (extensionId.equals(id.content)) {
      if (found) throw refuse('it has the libp2p extension twice')
      found = value.content
    } else if (parts[1]?.tag === derTag.boolean && parts[1].content[0] !== 0) {
      throw refuse('it has a critical extension that is not known here')
    }
  }
  if (!found) throw refuse('it has no libp2p extension')
  return found
}

function child(parent: Pick<DerElement, 'content'>, index: number, tag: number): DerElement {
  const element = readDer(parent.content)[index]
  if (element?.tag !== tag) throw refuse('its structure is not that of a certificate')
  return element
}

/** X.509 wants two-digit years up to 2049 and four digits after. */
function time(ms: number): Uint8Array {
  const date = new Date(ms)
  const text = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050
    ? der(derTag.utcTime, Buffer.from(text.slice(2)))
    : der(derTag.generalizedTime, Buffer.from(text))
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function refuse(reason: string, cause?: unknown): FerryError {
  return new FerryError('E_PROTOCOL', `Cannot accept the certificate of a peer: ${reason}`, { cause })
}
