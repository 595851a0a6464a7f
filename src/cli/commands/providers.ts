/** `ferry providers`: stores that speak S3, what their endpoints look like, and storage classes. */
import { Command } from 'commander'
import type { CommandHost } from '../command-host.ts'
import { exitCodes } from '../exit-codes.ts'
import { addGlobalOptions } from '../global-options.ts'
import { providers, storageClasses } from '../providers.ts'
import { openSession } from '../session.ts'

export function providersCommand(host: CommandHost): Command {
  const command = new Command('ferry providers').description(
    'Stores that speak S3, for --s3-provider and ferry remote add, and storage classes.',
  )
  addGlobalOptions(command, 'query').action(() => host.action(() => show(host, command)))
  return command
}

async function show(host: CommandHost, command: Command): Promise<number> {
  const { reporter, options } = openSession(host, command)
  for (const { name, title, endpoint, region } of providers)
    reporter.emit('provider', { name, title, endpoint: endpoint ?? null, region })
  if (!options.json) {
    const rows = providers.map(
      ({ name, title, endpoint, region }) =>
        `  ${name.padEnd(13)} ${title.padEnd(20)} ${(endpoint ?? "the SDK's own").padEnd(44)} ${region}\n`,
    )
    const classes = storageClasses.map(({ name, summary }) => `  ${name.padEnd(20)} ${summary}\n`)
    reporter.out(`Providers (name, store, endpoint, a region)\n${rows.join('')}\n`)
    reporter.out(`Storage classes (--storage-class)\n${classes.join('')}\n`)
    reporter.out('Any other store: --s3-endpoint URL\n')
  }
  reporter.finish(exitCodes.ok, { storageClasses })
  return exitCodes.ok
}
