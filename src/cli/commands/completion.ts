/** `ferry completion bash|zsh|fish`: a script for the shell, made from the commands themselves so that it cannot lag behind. */
import { Argument, Command } from 'commander'
import type { CommandHost } from '../command-host.ts'
import { commands } from '../command-table.ts'
import { exitCodes } from '../exit-codes.ts'

interface Described {
  readonly name: string
  readonly summary: string
  readonly options: readonly {
    readonly flag: string
    readonly summary: string
    readonly choices: readonly string[]
  }[]
  readonly words: readonly string[]
}

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

export function completionCommand(host: CommandHost): Command {
  const command = new Command('ferry completion')
    .description('Print a completion script. For example: ferry completion bash >> ~/.bashrc')
    .addArgument(new Argument('<SHELL>', 'bash, zsh or fish').choices(shells))
    .helpOption('-h, --help', 'show this help')
  return command.action((shell: Shell) => host.action(() => print(host, shell)))
}

async function print(host: CommandHost, shell: Shell): Promise<number> {
  const described: Described[] = []
  for (const entry of commands) {
    const command = entry.name === 'completion' ? completionCommand(host) : await entry.load(host)
    for (const name of [entry.name, ...entry.aliases]) described.push(describe(name, command))
  }
  host.io.stdout.write(writers[shell](described))
  return exitCodes.ok
}

function describe(name: string, command: Command): Described {
  const all = [command, ...command.commands].flatMap((each) => each.options)
  const options = new Map(
    all.flatMap((option) =>
      [option.long, option.short]
        .filter((flag) => flag !== undefined)
        .map(
          (flag) => [flag, { flag, summary: option.description, choices: option.argChoices ?? [] }] as const,
        ),
    ),
  )
  const words = [
    ...command.commands.map((each) => each.name()),
    ...command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  ]
  return { name, summary: command.description(), options: [...options.values()], words }
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

function bash(list: readonly Described[]): string {
  const cases = list.map(
    ({ name, options, words }) =>
      `    ${name}) words=${quote([...options.map(({ flag }) => flag), ...words].join(' '))} ;;`,
  )
  const choices = list.flatMap(({ options }) => options.filter((option) => option.choices.length > 0))
  const byFlag = [...new Map(choices.map((option) => [option.flag, option])).values()]
  return `# ferry completion for bash
_ferry() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=''
  case "$previous" in
${byFlag.map(({ flag, choices: values }) => `    ${flag}) COMPREPLY=($(compgen -W ${quote(values.join(' '))} -- "$current")); return ;;`).join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quote(list.map(({ name }) => name).join(' '))} -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -o bashdefault -F _ferry ferry
`
}

function zsh(list: readonly Described[]): string {
  const plain = (text: string): string => text.replaceAll(/[[\]:]/g, ' ')
  const cases = list.map(({ name, options, words }) => {
    const specs = options.map(({ flag, summary, choices }) =>
      quote(`*${flag}[${plain(summary)}]${choices.length > 0 ? `:value:(${choices.join(' ')})` : ''}`),
    )
    const rest = words.length > 0 ? quote(`*:word:(${words.join(' ')})`) : quote('*:file:_files')
    return `    ${name}) _arguments ${[...specs, rest].join(' ')} ;;`
  })
  return `#compdef ferry
_ferry() {
  if (( CURRENT == 2 )); then
    local -a names=(${list.map(({ name, summary }) => quote(`${name}:${plain(summary)}`)).join(' ')})
    _describe command names
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join('\n')}
  esac
}
compdef _ferry ferry
`
}

function fish(list: readonly Described[]): string {
  const lines = list.flatMap(({ name, summary, options, words }) => [
    `complete -c ferry -n __fish_use_subcommand -f -a ${quote(name)} -d ${quote(summary)}`,
    ...options.map(({ flag, summary: text, choices }) => {
      const form = flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
      const values = choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : ''
      return `complete -c ferry -n ${quote(`__fish_seen_subcommand_from ${name}`)} ${form}${values} -d ${quote(text)}`
    }),
    ...words.map(
      (word) => `complete -c ferry -n ${quote(`__fish_seen_subcommand_from ${name}`)} -f -a ${quote(word)}`,
    ),
  ])
  return `# ferry completion for fish\n${lines.join('\n')}\n`
}

const writers: Record<Shell, (list: readonly Described[]) => string> = { bash, zsh, fish }
