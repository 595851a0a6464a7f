/** A remote in one line, without any secret. */
import type { RemoteDefinition } from '../../jobs/types.ts'
import { escapeText } from '../../shared/terminal-text.ts'

/** As an address, escaped: `s3://bucket/prefix (region)`, `sftp://user@host/path`. */
export function describeRemote(remote: RemoteDefinition): string {
  if (remote.kind === 'sftp') {
    const { user, host, port, path } = remote
    const place = host.includes(':') ? `[${host}]` : host
    const below = path.startsWith('/') ? path : `/~/${path}`
    return escapeText(
      `sftp://${user === undefined ? '' : `${user}@`}${place}${port === undefined ? '' : `:${port}`}${below}`,
    )
  }
  const { bucket, prefix, endpoint, region } = remote
  const at = [endpoint, region].filter((part) => part !== undefined).join(', ')
  const url =
    bucket === '' ? 's3://BUCKET' : `s3://${[bucket, prefix].filter((part) => part !== '').join('/')}`
  return escapeText(at === '' ? url : `${url} (${at})`)
}
