/**
 * Who this computer is to others: one Ed25519 key in the data directory, made on first use. Two processes that start at
 * once end up with the same key. A key that others could have read is refused, not repaired.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { FerryError, isSystemError, toFerryError } from '../shared/errors.ts'
import { peerIdOf, publicKeyOf } from './peer-id.ts'

export const signatureBytes = 64
const fileName = 'identity.pem'
/** A PEM of an Ed25519 key has 119 bytes. */
const maxFileBytes = 1024
/** DER of a SubjectPublicKeyInfo for Ed25519, before the 32 bytes of key (RFC 8410). */
const publicKeyHeader = Buffer.from('302a300506032b6570032100', 'hex')

export interface Identity {
  /** Peer id as text. */
  readonly peer: string
  readonly publicKey: Uint8Array
  /** Ed25519, 64 bytes. */
  sign(message: Uint8Array): Uint8Array
  /** Seed and public key, 64 bytes, as libp2p wants it. Secret. */
  rawPrivateKey(): Uint8Array
}

/**
 * The identity kept in `directory`, which is made (0700) together with it when missing.
 * @throws E_STORE when the key is another user's, readable by others, or damaged; E_PERMISSION, E_IO from the file system.
 */
export function openIdentity(directory: string): Identity {
  const path = join(directory, fileName)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    return identityOf(readKey(path) ?? makeKey(directory, path), path)
  } catch (error) {
    throw toFerryError(error, `Cannot read the identity "${path}"`)
  }
}

/** An identity that is not kept, for tests and receivers that leave no trace. */
export function createIdentity(): Identity {
  return identityOf(generateKeyPairSync('ed25519').privateKey, 'memory')
}

/** @throws E_USAGE when `peer` is not a peer id. */
export function isSignedBy(peer: string, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({
    key: Buffer.concat([publicKeyHeader, publicKeyOf(peer)]),
    format: 'der',
    type: 'spki',
  })
  return signature.byteLength === signatureBytes && verify(null, message, key, signature)
}

function identityOf(key: KeyObject, path: string): Identity {
  if (key.asymmetricKeyType !== 'ed25519') throw damaged(path)
  const publicKey = new Uint8Array(
    createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicKeyHeader.length),
  )
  return {
    peer: peerIdOf(publicKey),
    publicKey,
    sign: (message) => new Uint8Array(sign(null, message, key)),
    rawPrivateKey() {
      const seed = key.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
      return new Uint8Array(Buffer.concat([seed, publicKey]))
    },
  }
}

function readKey(path: string): KeyObject | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    const stat = fstatSync(file)
    const user = process.geteuid?.()
    if (!stat.isFile() || stat.size > maxFileBytes) throw damaged(path)
    if (user !== undefined && stat.uid !== user)
      throw new FerryError('E_STORE', `Cannot use the identity "${path}": it belongs to another user`, {
        hint: 'set FERRY_HOME to a folder of your own',
      })
    if (user !== undefined && (stat.mode & 0o077) !== 0)
      throw new FerryError('E_STORE', `Cannot use the identity "${path}": other users can read it`, {
        hint: `chmod 600 "${path}", or remove it to get a new identity if someone may have copied it`,
      })
    return parseKey(readFileSync(file), path)
  } finally {
    closeSync(file)
  }
}

function parseKey(pem: Uint8Array, path: string): KeyObject {
  try {
    return createPrivateKey(Buffer.from(pem))
  } catch {
    // The cause is left out: a library's message might quote the key.
    throw damaged(path)
  }
}

function damaged(path: string): FerryError {
  return new FerryError('E_STORE', `Cannot use the identity "${path}": it is damaged`, {
    hint: 'remove it to get a new identity; tickets made with the old one stop working',
  })
}

/** The whole key is on disk under another name before it appears; whoever links first wins, and all read that one. */
function makeKey(directory: string, path: string): KeyObject {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })
  const temporary = join(directory, `.identity-${randomBytes(8).toString('hex')}`)
  const file = openSync(temporary, 'wx', 0o600)
  try {
    writeFileSync(file, pem)
    fsyncSync(file)
    linkSync(temporary, path)
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error
  } finally {
    closeSync(file)
    unlinkSync(temporary)
  }
  const folder = openSync(directory, constants.O_RDONLY)
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
  const key = readKey(path)
  if (!key) throw damaged(path)
  return key
}
