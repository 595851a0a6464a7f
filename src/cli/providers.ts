/**
 * Stores that speak S3, and how their endpoints are made: facts of the makers' own documentation, so that nobody has to
 * look them up. Any other store is reached by its endpoint.
 */
import { FerryError } from '../shared/errors.ts'

export interface Provider {
  readonly name: string
  readonly title: string
  /** With `{region}` and `{account}` to fill in; undefined: the SDK knows it. */
  readonly endpoint: string | undefined
  /** One of its regions, as an example. */
  readonly region: string
  /** The only region there is, which need not be given. */
  readonly isOnlyRegion?: boolean
}

export const providers: readonly Provider[] = [
  { name: 'aws', title: 'Amazon S3', endpoint: undefined, region: 'eu-central-1' },
  {
    name: 'cloudflare',
    title: 'Cloudflare R2',
    endpoint: 'https://{account}.r2.cloudflarestorage.com',
    region: 'auto',
    isOnlyRegion: true,
  },
  {
    name: 'backblaze',
    title: 'Backblaze B2',
    endpoint: 'https://s3.{region}.backblazeb2.com',
    region: 'us-west-004',
  },
  { name: 'wasabi', title: 'Wasabi', endpoint: 'https://s3.{region}.wasabisys.com', region: 'eu-central-1' },
  {
    name: 'digitalocean',
    title: 'DigitalOcean Spaces',
    endpoint: 'https://{region}.digitaloceanspaces.com',
    region: 'fra1',
  },
  {
    name: 'linode',
    title: 'Akamai (Linode)',
    endpoint: 'https://{region}.linodeobjects.com',
    region: 'eu-central-1',
  },
  { name: 'scaleway', title: 'Scaleway', endpoint: 'https://s3.{region}.scw.cloud', region: 'fr-par' },
  { name: 'hetzner', title: 'Hetzner', endpoint: 'https://{region}.your-objectstorage.com', region: 'fsn1' },
  { name: 'ovh', title: 'OVHcloud', endpoint: 'https://s3.{region}.io.cloud.ovh.net', region: 'gra' },
  { name: 'vultr', title: 'Vultr', endpoint: 'https://{region}.vultrobjects.com', region: 'ewr1' },
  { name: 'exoscale', title: 'Exoscale SOS', endpoint: 'https://sos-{region}.exo.io', region: 'ch-gva-2' },
]

export interface StorageClass {
  readonly name: string
  readonly summary: string
}

/** Source: Amazon S3 user guide. Other stores have some of them, under the same names. */
export const storageClasses: readonly StorageClass[] = [
  { name: 'STANDARD', summary: 'often used; the default' },
  { name: 'INTELLIGENT_TIERING', summary: 'moved by use' },
  { name: 'STANDARD_IA', summary: 'seldom used; at least 30 days and 128 KB are billed' },
  { name: 'ONEZONE_IA', summary: 'as STANDARD_IA, in one zone' },
  { name: 'GLACIER_IR', summary: 'archive that is read at once; at least 90 days are billed' },
  { name: 'DEEP_ARCHIVE', summary: 'must be restored before it can be read, so nothing of it is reused' },
]

export interface EndpointChoice {
  readonly provider?: string | undefined
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  readonly account?: string | undefined
}

/**
 * The endpoint, and the region where there is only one.
 * @throws E_USAGE when something is missing, unknown or too much
 */
export function endpointOf(choice: EndpointChoice): {
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
} {
  const { provider: name, endpoint, region, account } = choice
  if (name === undefined) {
    if (account !== undefined) throw new FerryError('E_USAGE', 'an account goes with a provider')
    return { endpoint }
  }
  const provider = providers.find((each) => each.name === name)
  if (!provider)
    throw new FerryError('E_USAGE', `there is no provider of that name`, { hint: 'see: ferry providers' })
  if (endpoint !== undefined) throw new FerryError('E_USAGE', 'a provider and an endpoint do not go together')
  const fixed = provider.isOnlyRegion ? provider.region : undefined
  if (provider.endpoint === undefined) return {}
  const values: Record<string, string | undefined> = { region: region ?? fixed, account }
  const filled = provider.endpoint.replace(/\{(\w+)\}/g, (_whole, part: string) => {
    const value = values[part]
    if (value === undefined)
      throw new FerryError(
        'E_USAGE',
        `${name} needs ${part === 'region' ? `a region, such as ${provider.region}` : 'an account'}`,
      )
    if (!/^[a-z0-9-]{1,64}$/i.test(value))
      throw new FerryError('E_USAGE', `the ${part} for ${name} may hold letters, digits and hyphens only`)
    return value
  })
  return { endpoint: filled, region: region ?? fixed }
}
