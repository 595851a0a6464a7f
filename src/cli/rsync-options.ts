/**
 * rsync's options as `ferry sync` takes them: the same names, clusters of letters, and the rule that of an option and its
 * `--no-` the last one counts. What is not built is refused by name, so that a script never runs with half of what it
 * asked for.
 */
import { Option, type Command } from 'commander'
import { FerryError } from '../shared/errors.ts'

/** What `-a` and its parts say, in the order of the command line. */
export interface SaidFlags {
  /** The last word on a flag, else that of the settings; undefined when nothing was said. */
  said(flag: string): boolean | undefined
  /** The last word on one of the parts of `-a`; `-a` does not say `-r` where names are listed in a file. */
  archived(flag: 'recursive' | 'links' | 'perms' | 'times', isListed?: boolean): boolean
  /** `-a`, and not taken back by `--no-owner --no-group`. */
  readonly wantsOwners: boolean
}

interface Flag {
  readonly flags: string
  readonly text: string
  /** Words behind `--no-`. Left out: it cannot be taken back. */
  readonly no?: readonly string[]
}

const parts = ['recursive', 'links', 'perms', 'times'] as const

const flags: readonly Flag[] = [
  { flags: '-a, --archive', text: 'as -rlpt; owner, group and devices stay behind' },
  { flags: '-r, --recursive', text: 'go into folders', no: ['recursive', 'r'] },
  { flags: '-l, --links', text: 'symbolic links as links', no: ['links', 'l'] },
  { flags: '-p, --perms', text: 'permission bits', no: ['perms', 'p'] },
  { flags: '-t, --times', text: 'modification times', no: ['times', 't'] },
  { flags: '-L, --copy-links', text: 'what links lead to, in place of links', no: ['copy-links', 'L'] },
  { flags: '-n, --dry-run', text: 'only say what would be done', no: ['dry-run', 'n'] },
  { flags: '-c, --checksum', text: 'compare content, whatever size and time say', no: ['checksum', 'c'] },
  { flags: '-u, --update', text: 'leave what is newer in DST', no: ['update', 'u'] },
  { flags: '-W, --whole-file', text: 'no deltas', no: ['whole-file', 'W'] },
  { flags: '-x, --one-file-system', text: 'stay on the file system of SRC', no: ['one-file-system', 'x'] },
  { flags: '-b, --backup', text: 'keep what is replaced or deleted', no: ['backup', 'b'] },
  { flags: '-P', text: 'as --partial --progress' },
  { flags: '--partial', text: 'keep what has arrived of a file (default)', no: ['partial'] },
  { flags: '--progress', text: 'show the files that are under way (default)', no: ['progress'] },
  { flags: '--delete', text: 'delete from DST what SRC does not have', no: ['delete'] },
  { flags: '--size-only', text: 'same size is same content', no: ['size-only'] },
  { flags: '--existing', text: 'make nothing new in DST', no: ['existing'] },
  { flags: '--ignore-existing', text: 'replace nothing in DST', no: ['ignore-existing'] },
  { flags: '--stats', text: 'a table of figures at the end', no: ['stats'] },
  {
    flags: '--fail-on-conflict',
    text: 'end when someone else changes DST (exit code 8)',
    no: ['fail-on-conflict'],
  },
  { flags: '--abort-stale', text: 'throw away interrupted uploads that lie in DST', no: ['abort-stale'] },
]

/** `--no-` words of what ferry never keeps: accepted, since that is what is asked for. */
const neverKept = ['owner', 'o', 'group', 'g', 'devices', 'specials', 'D']

/** Adds them; what was said is known once the command line is parsed. */
export function addRsyncFlags(command: Command): SaidFlags {
  const said = new Map<string, boolean>()
  const order: { readonly flag: string; readonly value: boolean }[] = []
  const say = (flag: string, value: boolean): void => {
    said.set(flag, value)
    order.push({ flag, value })
  }
  const on = (name: string, listener: () => void): void => void command.on(`option:${name}`, listener)

  for (const { flags: names, text, no = [] } of flags) {
    const option = new Option(names, text)
    command.addOption(option)
    on(option.name(), () => say(option.name(), true))
    for (const word of no) {
      command.addOption(new Option(`--no-${word}`, '').hideHelp())
      on(`no-${word}`, () => say(option.name(), false))
    }
  }
  on('P', () => {
    say('partial', true)
    say('progress', true)
  })
  command.addOption(new Option('--no-sidecar', 'keep no chunk lists beside the data'))
  on('no-sidecar', () => say('sidecar', false))
  // Takes back what the settings say.
  command.addOption(new Option('--sidecar', '').hideHelp())
  on('sidecar', () => say('sidecar', true))
  for (const word of neverKept) {
    command.addOption(new Option(`--no-${word}`, '').hideHelp())
    on(`no-${word}`, () =>
      say(
        word === 'g' || word === 'group' ? 'group' : word === 'o' || word === 'owner' ? 'owner' : word,
        false,
      ),
    )
  }
  refuseOthers(command)

  return {
    said: (flag) => said.get(flag) ?? configured(command, flag),
    archived(flag, isListed = false) {
      const isPart = (name: string): boolean => (parts as readonly string[]).includes(name)
      // With none of them asked for, a folder would be passed over: that is what nobody wants.
      let value = !order.some(({ flag: name, value: isOn }) => isOn && (name === 'archive' || isPart(name)))
      const implies = flag !== 'recursive' || !isListed
      for (const { flag: name, value: isOn } of order)
        if (name === flag || (name === 'archive' && implies)) value = isOn
      return value
    },
    get wantsOwners() {
      return said.has('archive') && (said.get('owner') ?? said.get('group') ?? true)
    },
  }
}

function configured(command: Command, flag: string): boolean | undefined {
  const option = command.options.find((each) => each.name() === flag)?.attributeName() ?? flag
  const value: unknown = command.getOptionValue(option)
  return command.getOptionValueSource(option) === 'config' && typeof value === 'boolean' ? value : undefined
}

/** Known to rsync and not built; each may have a value, or a hint what to do instead. */
const refused: readonly (readonly [flags: string, hint?: string])[] = [
  ['-e, --rsh <command>', 'SFTP is built in: settings of ssh go into ~/.ssh/config'],
  ...[
    '-A, --acls',
    '-C, --cvs-exclude',
    '-D',
    '-E, --executability',
    '-F',
    '-H, --hard-links',
    '-I, --ignore-times',
    '-J, --omit-link-times',
    '-K, --keep-dirlinks',
    '-M, --remote-option <option>',
    '-N, --crtimes',
    '-O, --omit-dir-times',
    '-R, --relative',
    '-S, --sparse',
    '-T, --temp-dir <dir>',
    '-U, --atimes',
    '-X, --xattrs',
    '-d, --dirs',
    '-f, --filter <rule>',
    '-g, --group',
    '-k, --copy-dirlinks',
    '-m, --prune-empty-dirs',
    '-o, --owner',
    '-y, --fuzzy',
    '-z, --compress',
    '-0, --from0',
    '--append',
    '--append-verify',
    '--checksum-choice <name>',
    '--chmod <modes>',
    '--chown <owner>',
    '--compare-dest <dir>',
    '--compress-choice <name>',
    '--compress-level <n>',
    '--contimeout <seconds>',
    '--copy-dest <dir>',
    '--copy-unsafe-links',
    '--debug <flags>',
    '--del',
    '--delay-updates',
    '--delete-after',
    '--delete-before',
    '--delete-delay',
    '--delete-during',
    '--delete-excluded',
    '--delete-missing-args',
    '--devices',
    '--fake-super',
    '--force',
    '--fsync',
    '--groupmap <map>',
    '--iconv <charsets>',
    '--ignore-errors',
    '--ignore-missing-args',
    '--include-from <file>',
    '--info <flags>',
    '--inplace',
    '--link-dest <dir>',
    '--list-only',
    '--log-file-format <format>',
    '--mkpath',
    '--munge-links',
    '--no-implied-dirs',
    '--numeric-ids',
    '--out-format <format>',
    '--partial-dir <dir>',
    '--preallocate',
    '--read-batch <file>',
    '--remove-source-files',
    '--rsync-path <path>',
    '--safe-links',
    '--skip-compress <list>',
    '--specials',
    '--stop-after <minutes>',
    '--stop-at <time>',
    '--super',
    '--timeout <seconds>',
    '--trust-sender',
    '--usermap <map>',
    '--write-batch <file>',
  ].map((names) => [names] as const),
]

function refuseOthers(command: Command): void {
  for (const [names, hint] of refused) {
    const option = new Option(names, '').hideHelp()
    command.addOption(option)
    command.on(`option:${option.name()}`, () => {
      const name = option.long ?? option.short ?? names
      throw new FerryError('E_USAGE', `Cannot use ${name}: not supported yet`, {
        hint: hint ?? 'leave it out; ferry sync --help lists what there is',
      })
    })
  }
}
