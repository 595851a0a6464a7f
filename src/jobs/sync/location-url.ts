/** The address of a place that is not a folder, without any secret: its parts as they were given. Pure. */
import type { S3Location, SftpLocation } from '../../sync/location.ts'

/** `s3://bucket/prefix`, `sftp://user@host:port/path`; a path in the home folder begins with `/~/`. Names are not escaped. */
export function locationUrl(location: S3Location | SftpLocation): string {
  if (location.kind === 's3') {
    const { bucket, prefix } = location
    return `s3://${[bucket, prefix].filter((part) => part !== '').join('/')}`
  }
  const { user, host, port, path } = location
  const name = user === undefined ? '' : `${user}@`
  const place = host.includes(':') ? `[${host}]` : host
  const below = path.startsWith('/') ? path : `/~/${path}`
  return `sftp://${name}${place}${port === undefined ? '' : `:${port}`}${below}`
}
