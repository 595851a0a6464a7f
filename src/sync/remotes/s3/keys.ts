/** Between paths of a sync and keys of a bucket. A path '' is the location itself. */
import { ownFolder } from '../../own-names.ts'

export interface KeySpace {
  readonly bucket: string
  /** The location, with a slash at its end; '' for a whole bucket. */
  readonly prefix: string
  keyOf(path: string): string
  /** Of ferry's own objects, which no listing shows. */
  own(name: string): string
  /** For `CopySource`. */
  sourceOf(key: string): string
}

export function createKeySpace(bucket: string, prefix: string): KeySpace {
  const base = prefix === '' ? '' : `${prefix}/`
  return {
    bucket,
    prefix: base,
    keyOf: (path) => (path === '' ? prefix : base + path),
    own: (name) => `${base}${ownFolder}/${name}`,
    sourceOf: (key) => `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`,
  }
}

/** A key of a listing with `EncodingType: 'url'`. */
export function decodeKey(text: string): string {
  return decodeURIComponent(text.replaceAll('+', '%20'))
}

/** Without the quotes, which some servers leave out. */
export function bareEtag(etag: string | undefined): string {
  return (etag ?? '').replace(/^"(.*)"$/, '$1')
}

export const quotedEtag = (etag: string): string => `"${etag}"`
