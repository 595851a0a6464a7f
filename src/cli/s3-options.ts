/** Options of `sync` for stores that speak S3. None of them takes a secret; a remote with a name holds the same. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { SyncOptions } from '../jobs/sync/types.ts'
import { FerryError } from '../shared/errors.ts'
import { remoteKeys } from './config/remote-keys.ts'
import { endpointOf, providers, storageClasses } from './providers.ts'

interface Flags {
  readonly s3Endpoint?: string
  readonly s3Provider?: string
  readonly s3Account?: string
  readonly s3Region?: string
  readonly s3Profile?: string
  readonly storageClass?: string
}

export function addS3Options(command: Command): Command {
  return command
    .option('--s3-endpoint <url>', 'of a store that is not Amazon', fieldReader('endpoint'))
    .addOption(
      new Option('--s3-provider <name>', 'its name, see: ferry providers')
        .choices(providers.map(({ name }) => name))
        .argParser(fieldReader('provider')),
    )
    .option(
      '--s3-account <name>',
      'account there, where the endpoint has it (cloudflare)',
      fieldReader('account'),
    )
    .option('--s3-region <name>', 'in place of what the environment says', fieldReader('region'))
    .option('--s3-profile <name>', 'of ~/.aws/config', fieldReader('profile'))
    .addOption(
      new Option('--storage-class <name>', 'of objects that are written').choices(
        storageClasses.map(({ name }) => name),
      ),
    )
}

/** @throws E_USAGE when they do not go together */
export function s3OptionsOf(command: Command): NonNullable<SyncOptions['s3']> {
  const { s3Endpoint, s3Provider, s3Account, s3Region, s3Profile, storageClass } = command.opts<Flags>()
  try {
    const found = endpointOf({
      provider: s3Provider,
      endpoint: s3Endpoint,
      region: s3Region,
      account: s3Account,
    })
    return {
      endpoint: found.endpoint,
      region: s3Region ?? found.region,
      profile: s3Profile,
      storageClass,
    }
  } catch (error) {
    throw error instanceof FerryError
      ? new FerryError('E_USAGE', `Cannot use the options of S3: ${error.message}`, { hint: error.hint })
      : error
  }
}

/** The rules of a field of a remote, for the option that says the same. */
function fieldReader(field: string): (text: string) => string {
  return (text) => {
    try {
      return remoteKeys.find(({ name }) => name === field)?.kind.fromText(text) as string
    } catch (error) {
      throw error instanceof FerryError
        ? new FerryError('E_USAGE', `--s3-${field}: ${error.message}`, { hint: error.hint })
        : error
    }
  }
}
