/** Between paths of a sync and keys of a bucket. A path '' is the location itself. */
import { FerryError } from '../../../shared/errors.ts'
import { shortenName } from '../../../shared/paths.ts'
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

/** A key of a listing with `EncodingType: 'url'`. @throws E_PROTOCOL when it is not encoded as it must be */
export function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'))
  } catch (error) {
    throw new FerryError('E_PROTOCOL', `Cannot use the key "${shortenName(text)}": it is not encoded`, {
      cause: error,
    })
  }
}

/** Without the quotes, which some servers leave out. */
export function bareEtag(etag: string | undefined): string {
  return (etag ?? '').replace(/^"(.*)"$/, '$1')
}

export const quotedEtag = (etag: string): string => `"${etag}"`
