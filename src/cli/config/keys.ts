/**
 * Every setting: what it is called in a file and in the environment, what it may hold, and which option of which
 * commands it stands for. A setting is in this table when something reads it.
 */
import type { RateChoice } from '../global-options.ts'
import type { ConfigKey } from './config-key.ts'
import { syncKeys } from './sync-keys.ts'
import { bandwidth, boolean, choice, count, daemonAddress, texts } from './value-kinds.ts'

const networked = ['share', 'receive', 'ls', 'verify', 'diff', 'doctor', 'sync']
/** As `-j`. */
const jobs = count(1, 64)

export const configKeys: readonly ConfigKey[] = [
  {
    name: 'api.listen',
    kind: daemonAddress,
    commands: ['daemon'],
    option: 'listenOn',
    preset: '127.0.0.1:7877',
    summary: 'where a daemon listens without --port or --socket',
  },
  {
    name: 'node.listen',
    kind: texts,
    commands: networked,
    option: 'listen',
    env: 'FERRY_LISTEN',
    preset: 'every address, a free port',
    summary: 'addresses to listen on',
  },
  {
    name: 'node.announce',
    kind: texts,
    commands: networked,
    option: 'announce',
    env: 'FERRY_ANNOUNCE',
    preset: 'those found',
    summary: 'addresses for others to use',
  },
  {
    name: 'node.bootstrap',
    kind: texts,
    commands: networked,
    option: 'bootstrap',
    env: 'FERRY_BOOTSTRAP',
    preset: 'the public ones',
    summary: 'peers through which the DHT is entered',
  },
  {
    name: 'node.dht',
    kind: boolean,
    commands: networked,
    option: 'dht',
    env: 'FERRY_DHT',
    preset: 'true',
    summary: 'look for and announce peers in the DHT',
  },
  {
    name: 'node.local',
    kind: boolean,
    commands: networked,
    option: 'local',
    env: 'FERRY_LOCAL',
    preset: 'false',
    summary: 'contact nobody outside the local network',
  },
  {
    name: 'transfer.upload_jobs',
    kind: jobs,
    commands: ['share'],
    option: 'jobs',
    env: 'FERRY_JOBS',
    preset: 'cores, at most 8',
    summary: 'files hashed at once by share',
  },
  {
    name: 'transfer.download_jobs',
    kind: jobs,
    commands: ['receive', 'verify'],
    option: 'jobs',
    env: 'FERRY_JOBS',
    preset: '6',
    summary: 'files at once in receive and verify',
  },
  {
    name: 'transfer.bwlimit',
    kind: bandwidth,
    commands: ['share', 'receive'],
    option: 'bwlimit',
    env: 'FERRY_BWLIMIT',
    toOption: (bytes): RateChoice => ({ bytesPerSecond: bytes === 0 ? undefined : (bytes as number) }),
    preset: 'no limit',
    summary: 'content a second at most, in share and receive',
  },
  ...syncKeys,
  {
    name: 'ui.color',
    kind: choice('auto', 'always', 'never'),
    commands: ['*'],
    option: 'color',
    fromEnv: colorOf,
    preset: 'auto',
    summary: 'colours; NO_COLOR and FORCE_COLOR go before it',
  },
  {
    name: 'ui.progress',
    kind: choice('spinner', 'detail', 'none'),
    commands: ['*'],
    option: 'progress',
    env: 'FERRY_PROGRESS',
    preset: 'detail',
    summary: 'live view: one line, with files, or none',
  },
]

/** As the terminal reads them: https://no-color.org, and FORCE_COLOR of many programs. */
function colorOf(
  env: Readonly<Record<string, string | undefined>>,
): { readonly origin: string; readonly text: string } | undefined {
  const { NO_COLOR: none, FORCE_COLOR: force } = env
  if (none !== undefined && none !== '') return { origin: 'NO_COLOR', text: 'never' }
  if (force === undefined || ['', '0', 'false'].includes(force)) return undefined
  return { origin: 'FORCE_COLOR', text: 'always' }
}

/** What later versions will read: refused until then, so that nobody relies on it. */
const later = new Set([
  'node.name',
  'transfer.limit_up',
  'transfer.limit_down',
  'ui.units',
  'ui.unicode',
  'ui.theme',
])
const laterTables = new Set(['keys'])

export function findKey(name: string): ConfigKey | undefined {
  return configKeys.find((key) => key.name === name)
}

/** Why a name is no setting, as the end of a sentence. */
export function keyProblem(
  name: string,
  suggest: (name: string, known: readonly string[]) => string | undefined,
): string {
  if (later.has(name) || laterTables.has(name.split('.', 1)[0] as string)) return 'it is not supported yet'
  const near = suggest(
    name,
    configKeys.map((key) => key.name),
  )
  return `there is no such setting${near === undefined ? '' : ` (did you mean ${near}?)`}`
}
