/** A remote in one line, without any secret. */
import type { RemoteDefinition } from '../../jobs/types.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { locationUrl } from '../../jobs/sync/location-url.ts'

/** As an address, escaped: `s3://bucket/prefix (region)`, `sftp://user@host/path`. */
export function describeRemote(remote: RemoteDefinition): string {
  if (remote.kind === 'sftp') return escapeText(locationUrl(remote))
  const { bucket, endpoint, region } = remote
  const at = [endpoint, region].filter((part) => part !== undefined).join(', ')
  const url = bucket === '' ? 's3://BUCKET' : locationUrl(remote)
  return escapeText(at === '' ? url : `${url} (${at})`)
}
