/** The settings of `sync`, a part of the table in `keys.ts`. */
import type { RateChoice } from '../global-options.ts'
import type { ConfigKey } from './config-key.ts'
import { bandwidth, blockSize, boolean, count, phrase, size, texts } from './value-kinds.ts'

type Row = Pick<ConfigKey, 'kind' | 'option' | 'preset' | 'summary'> & Partial<ConfigKey>

const rows: Readonly<Record<string, Row>> = {
  jobs: {
    kind: count(1, 64),
    option: 'jobs',
    env: 'FERRY_JOBS',
    inProject: 'any',
    preset: 'what suits the destination',
    summary: 'files at once',
  },
  bwlimit: {
    kind: bandwidth,
    option: 'bwlimit',
    env: 'FERRY_BWLIMIT',
    inProject: 'any',
    toOption: (bytes): RateChoice => ({ bytesPerSecond: bytes === 0 ? undefined : (bytes as number) }),
    preset: 'no limit',
    summary: 'content a second at most',
  },
  delta_threshold: {
    kind: size(0),
    option: 'deltaThreshold',
    env: 'FERRY_DELTA_THRESHOLD',
    inProject: 'any',
    preset: '50MB',
    summary: 'smaller files go whole',
  },
  block_size: {
    kind: blockSize,
    option: 'blockSize',
    env: 'FERRY_BLOCK_SIZE',
    inProject: 'any',
    preset: 'by the size of the file',
    summary: 'average chunk of a delta',
  },
  whole_file: {
    kind: boolean,
    option: 'wholeFile',
    inProject: 'any',
    preset: 'between local folders',
    summary: 'no deltas',
  },
  exclude: {
    kind: texts,
    option: 'exclude',
    inProject: 'any',
    isAppended: true,
    preset: 'nothing',
    summary: 'patterns to leave out, as rsync reads them; behind those of the command line',
  },
  max_size: {
    kind: size(0),
    option: 'maxSize',
    inProject: 'any',
    preset: 'no limit',
    summary: 'leave out larger files',
  },
  min_size: {
    kind: size(0),
    option: 'minSize',
    inProject: 'any',
    preset: 'no limit',
    summary: 'leave out smaller files',
  },
  checksum: {
    kind: boolean,
    option: 'checksum',
    inProject: 'true',
    preset: 'false',
    summary: 'compare content, whatever size and time say',
  },
  fail_on_conflict: {
    kind: boolean,
    option: 'failOnConflict',
    inProject: 'true',
    preset: 'false',
    summary: 'end when someone else changes the destination',
  },
  one_file_system: {
    kind: boolean,
    option: 'oneFileSystem',
    inProject: 'true',
    preset: 'false',
    summary: 'stay on the file system of the source',
  },
  modify_window: {
    kind: count(0, 86_400),
    option: 'modifyWindow',
    preset: '0',
    summary: 'seconds by which times may differ',
  },
  dry_run: {
    kind: boolean,
    option: 'dryRun',
    preset: 'false',
    summary: 'only say what would be done; --no-dry-run does it',
  },
  delete: {
    kind: boolean,
    option: 'delete',
    preset: 'false',
    summary: 'delete from the destination what the source does not have',
  },
  max_delete: {
    kind: count(0, Number.MAX_SAFE_INTEGER),
    option: 'maxDelete',
    preset: 'no limit',
    summary: 'delete at most so many',
  },
  backup: {
    kind: boolean,
    option: 'backup',
    preset: 'false',
    summary: 'keep what is replaced or deleted',
  },
  backup_dir: {
    kind: phrase('a folder of the destination', /^[^\p{C}]{1,4096}$/u),
    option: 'backupDir',
    preset: 'beside the file',
    summary: 'where it is kept',
  },
  sidecar: {
    kind: boolean,
    option: 'sidecar',
    preset: 'true',
    summary: 'keep chunk lists beside the data',
  },
}

export const syncKeys: readonly ConfigKey[] = Object.entries(rows).map(([name, row]) => ({
  name: `sync.${name}`,
  commands: ['sync'],
  ...row,
}))
