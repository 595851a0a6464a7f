/**
 * What each byte value counts as in the rolling sum: the low half of the byte chooses one number, the high half another,
 * and both are combined by exclusive or. Without it, counters and text give sums that are alike, and cuts that are too
 * many or none; two tables of 16 are what vector instructions can look up.
 *
 * The tables are the two halves of BLAKE3 derive_key("ferry chunker v1", [0]). They are part of the format: other numbers
 * would cut other chunks.
 */
import { deriveKey } from '../hash.ts'

const tables = deriveKey('ferry chunker v1', Uint8Array.of(0))

/** 16 bytes each, one behind the other. */
export const halfByteTables: Uint8Array = tables

export const substitution: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => (tables[byte & 15] as number) ^ (tables[16 + (byte >> 4)] as number),
)
