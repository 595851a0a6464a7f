/** Options of rsync, beside what they are as settings. */
import { defaultDeltaThreshold, type FilterRule, type SyncSettings } from '../../src/sync/options.ts'

export interface SyncCase {
  readonly args: readonly string[]
  readonly settings: Partial<SyncSettings>
}

/** Settings without any option. */
export const noOptions: SyncSettings = {
  recursive: false,
  links: false,
  perms: false,
  times: false,
  copyLinks: false,
  oneFileSystem: false,
  dryRun: false,
  checksum: false,
  sizeOnly: false,
  update: false,
  ignoreExisting: false,
  existing: false,
  modifyWindow: 0,
  maxSize: undefined,
  minSize: undefined,
  delete: false,
  maxDelete: undefined,
  wholeFile: undefined,
  deltaThreshold: defaultDeltaThreshold,
  blockSize: undefined,
  jobs: undefined,
  bytesPerSecond: undefined,
  backup: false,
  backupDir: undefined,
  suffix: '~',
  partial: false,
  failOnConflict: false,
  sidecar: false,
  rules: [],
  filesFrom: undefined,
}

const all = { recursive: true, links: true, perms: true, times: true }

/** What goes into the tree, and how it is preserved. */
export const bases: readonly SyncCase[] = [
  { args: ['-rlpt'], settings: all },
  { args: ['-a', '--no-D', '--no-o', '--no-g'], settings: all },
  { args: ['-rlp'], settings: { ...all, times: false } },
  { args: ['-rlt'], settings: { ...all, perms: false } },
  { args: ['-rpt'], settings: { ...all, links: false } },
  { args: ['-r'], settings: { recursive: true } },
  { args: ['-rptL'], settings: { ...all, links: false, copyLinks: true } },
  {
    args: ['-a', '--no-D', '--no-o', '--no-g', '--no-perms', '--no-t'],
    settings: { ...all, perms: false, times: false },
  },
  { args: ['-lpt'], settings: { ...all, recursive: false } },
]

const includeRule = (pattern: string): FilterRule => ({ kind: 'include', pattern })
const excludeRule = (pattern: string): FilterRule => ({ kind: 'exclude', pattern })

/** `--include` and `--exclude` in their order: a pattern with `+` in front is included. */
function filter(...patterns: readonly string[]): SyncCase {
  return {
    args: patterns.map((text) => (text.startsWith('+') ? `--include=${text.slice(1)}` : `--exclude=${text}`)),
    settings: {
      rules: patterns.map((text) => (text.startsWith('+') ? includeRule(text.slice(1)) : excludeRule(text))),
    },
  }
}

export const comparisons: readonly SyncCase[] = [
  { args: ['-c'], settings: { checksum: true } },
  { args: ['--size-only'], settings: { sizeOnly: true } },
  { args: ['-u'], settings: { update: true } },
  { args: ['--ignore-existing'], settings: { ignoreExisting: true } },
  { args: ['--existing'], settings: { existing: true } },
  { args: ['--modify-window=1'], settings: { modifyWindow: 1 } },
  { args: ['--modify-window=600'], settings: { modifyWindow: 600 } },
  { args: ['--modify-window=-1'], settings: { modifyWindow: -1 } },
  { args: ['--max-size=1K'], settings: { maxSize: 1024 } },
  { args: ['--max-size=0'], settings: { maxSize: 0 } },
  { args: ['--min-size=1K+1'], settings: { minSize: 1025 } },
  { args: ['-W'], settings: { wholeFile: true } },
]

export const deletions: readonly SyncCase[] = [
  { args: ['--delete'], settings: { delete: true } },
  { args: ['--delete', '--max-delete=0'], settings: { delete: true, maxDelete: 0 } },
  { args: ['--delete', '--max-delete=3'], settings: { delete: true, maxDelete: 3 } },
  { args: ['--delete', '--max-delete=1000'], settings: { delete: true, maxDelete: 1000 } },
]

export const backups: readonly SyncCase[] = [
  { args: ['-b'], settings: { backup: true } },
  { args: ['-b', '--suffix=.txt'], settings: { backup: true, suffix: '.txt' } },
  {
    args: ['-b', '--backup-dir=../kept'],
    settings: { backup: true, backupDir: '../kept', suffix: '' },
  },
]

export const filters: readonly SyncCase[] = [
  filter('*.txt'),
  filter('+*.txt', '+*/', '*'),
  filter('/sub'),
  filter('sub/'),
  filter('sub/zeta'),
  filter('/sub/**'),
  filter('sub/***'),
  filter('**/alpha.txt'),
  filter('[a-c]*'),
  filter('zeta[!.]*'),
  filter('caf??'),
  filter('*~', '+build/', '+build/**', 'build*'),
  filter('*', '!', '*.o'),
  filter('+ *.o', 'b*'),
]

/** All of their options, the settings of later ones winning. */
export function combine(...cases: readonly SyncCase[]): SyncCase {
  return {
    args: cases.flatMap(({ args }) => args),
    settings: Object.assign({}, ...cases.map(({ settings }) => settings)) as Partial<SyncSettings>,
  }
}
