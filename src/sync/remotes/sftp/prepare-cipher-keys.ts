/**
 * Hands the cipher's keys to the system once. The library makes a cipher per packet out of the bare key, and Node then
 * imports it each time: a quarter of the time of a large upload. After a renewal of the keys all works as before, slower.
 */
import { createSecretKey } from 'node:crypto'
import type { Client } from 'ssh2'

const protocolField = '_protocol'
type Keys = Record<string, unknown>

/** For a connection that is logged in. What the library does not have is left alone. */
export function prepareCipherKeys(client: Client): void {
  const protocol = (client as { [protocolField]?: Keys })[protocolField]
  for (const [part, field] of [
    ['_cipher', '_encKey'],
    ['_decipher', '_decipherKey'],
  ] as const) {
    const cipher = protocol?.[part] as Keys | undefined
    // Only AES-GCM makes a cipher per packet.
    if (!cipher?.constructor.name.startsWith('AESGCM')) continue
    const key = cipher[field]
    if (Buffer.isBuffer(key)) cipher[field] = createSecretKey(key)
  }
}
