/**
 * Times and modes in an object's metadata. Written as rclone does: `mtime` in seconds with a fraction, `mode` in octal.
 * Read are these, the decimal mode of s3fs, and what s3cmd writes. What is damaged counts as not told. `ferry-blob` is the
 * name of the content in hexadecimal, which vouches for chunk lists (docs/decisions/017-chunk-index.md).
 */
import { toHex } from '../../../shared/bytes.ts'
import type { Attributes } from '../../remote.ts'
import { maxMetadataChars } from './limits.ts'

type Metadata = Readonly<Record<string, string>>

const blobName = 'ferry-blob'

const nsPerSecond = 1_000_000_000n

export function writeTime(mtimeNs: bigint): string {
  const sign = mtimeNs < 0n ? '-' : ''
  const ns = mtimeNs < 0n ? -mtimeNs : mtimeNs
  return `${sign}${ns / nsPerSecond}.${String(ns % nsPerSecond).padStart(9, '0')}`
}

export function readTime(text: string | undefined): bigint | undefined {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,18}))?$/.exec(text ?? '')
  if (!match) return undefined
  const [, sign, seconds = '', fraction = ''] = match
  const ns = BigInt(seconds) * nsPerSecond + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return sign === '-' ? -ns : ns
}

export function readMode(text: string | undefined): number | undefined {
  // Five digits are a regular file's mode in decimal: in octal they would be a kind of file that there is not.
  if (/^3[2-6]\d{3}$/.test(text ?? '')) return Number(text) & 0o7777
  if (/^(?:10|0)?[0-7]{1,4}$/.test(text ?? '')) return Number.parseInt(text as string, 8) & 0o7777
  return undefined
}

function readBlob(text: string | undefined): Uint8Array | undefined {
  return /^[0-9a-f]{64}$/.test(text ?? '') ? new Uint8Array(Buffer.from(text as string, 'hex')) : undefined
}

/** Metadata that holds these, and all of `others` besides. */
export function writeMetadata(
  { mode, mtimeNs, blob }: Attributes,
  others: Metadata = {},
): Record<string, string> {
  return {
    ...others,
    ...(blob && { [blobName]: toHex(blob) }),
    ...(mtimeNs !== undefined && { mtime: writeTime(mtimeNs) }),
    ...(mode !== undefined && { mode: `10${(mode & 0o7777).toString(8).padStart(4, '0')}` }),
  }
}

export function readMetadata(metadata: Metadata = {}): Attributes {
  const { mtime, mode, 's3cmd-attrs': attributes = '' } = metadata
  const fields =
    attributes.length > maxMetadataChars
      ? {}
      : Object.fromEntries(attributes.split('/').map((field) => field.split(':', 2) as [string, string]))
  const blob = readBlob(metadata[blobName])
  return {
    mtimeNs: readTime(mtime ?? fields['mtime']),
    mode: readMode(mode ?? fields['mode']),
    ...(blob && { blob }),
  }
}
