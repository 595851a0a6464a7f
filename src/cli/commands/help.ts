/** `ferry help [TOPIC]`: the help of a command, or one of a few short texts that belong to no command. */
import { Command } from 'commander'
import { FerryError } from '../../shared/errors.ts'
import type { CommandHost } from '../command-host.ts'
import { commands, findCommand } from '../command-table.ts'
import { configKeys } from '../config/keys.ts'
import { exitCodes, exitCodeTexts } from '../exit-codes.ts'
import { mainHelp } from '../help-text.ts'

const exitCodesText = `Exit codes

${exitCodeTexts.map(([code, text]) => `  ${String(code).padEnd(14)} ${text}`).join('\n')}
`

const filesText = `Files

  $XDG_DATA_HOME/ferry or ~/.local/share/ferry (macOS: ~/Library/Application Support/ferry/data)
      identity.pem    who this computer is to others; keep it to yourself
      shares.db       shares with their secrets, so that a ticket stays the same
      jobs.db         jobs of the daemon, and those that have ended
      index.db        which files hold which chunks; may be deleted, costs hashing again
      tmp/            spools of running commands

  DEST/NAME.ferry-part and DEST/NAME.ferry-part.journal
      a file that is still arriving, and which parts of it are verified; both go when it is whole

  $XDG_CONFIG_HOME/ferry/config.toml or ~/.config/ferry/config.toml
      your settings: ferry config edit
  remotes.toml beside it
      what "ferry remote" writes; no secrets
  .ferry.toml in the current folder or above it
      settings for sync in a project

  $XDG_CACHE_HOME/ferry or ~/.cache/ferry (macOS: ~/Library/Caches/ferry)
      what V8 made of ferry's own program, so that it starts sooner; may be deleted

FERRY_HOME names one folder for all data (it is in its data/), FERRY_STORE the data folder alone.
Your own files are referenced in place, never copied.
`

const environmentText = `Environment

  FERRY_HOME        folder for everything that ferry keeps of yours
  FERRY_STORE       data folder alone
  FERRY_CONFIG      file of settings, as --config
${settingsText()}
  NO_COLOR          no colours; FORCE_COLOR=1: colours without a terminal
  NODE_DISABLE_COMPILE_CACHE=1   keeps no compiled program
  CI, TERM=dumb     plain lines in place of the live view, as --plain

Lists are separated by commas. Options go before the environment, that goes before files of settings.

S3 takes its credentials from AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ~/.aws and the rest of the
chain of Amazon's tools; SFTP from SSH_AUTH_SOCK, key files and ~/.ssh/config, and where nobody can be asked from
FERRY_SSH_PASSPHRASE and FERRY_SSH_PASSWORD.
`

/** One line for each variable that stands for settings. */
function settingsText(): string {
  const names = new Set(configKeys.flatMap(({ env }) => env ?? []))
  return [...names]
    .map((name) => {
      const keys = configKeys.filter(({ env }) => env === name).map((key) => key.name)
      return `  ${name.padEnd(17)} as ${keys.join(', ')}`
    })
    .join('\n')
}

const topics: ReadonlyMap<string, string> = new Map([
  ['exit-codes', exitCodesText],
  ['files', filesText],
  ['environment', environmentText],
])

export function helpCommand(host: CommandHost): Command {
  const command = new Command('ferry help')
    .description('Help of a command or a topic.')
    .argument('[TOPIC]', `a command, or one of ${[...topics.keys()].join(', ')}`)
    .helpOption('-h, --help', 'show this help')
  return command.action((topic: string | undefined) => host.action(() => show(host, topic)))
}

async function show(host: CommandHost, topic: string | undefined): Promise<number> {
  const text = topic === undefined ? mainHelp : topics.get(topic)
  if (text !== undefined) host.io.stdout.write(text)
  else {
    const entry = findCommand(topic ?? '')
    if (!entry) {
      const names = [...topics.keys(), ...commands.map(({ name }) => name)]
      throw new FerryError('E_USAGE', `There is no help on ${topic}`, { hint: `topics: ${names.join(', ')}` })
    }
    const command = await entry.load(host)
    command.configureOutput({ writeOut: (part) => void host.io.stdout.write(part) })
    command.outputHelp()
  }
  return exitCodes.ok
}
