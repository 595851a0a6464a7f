/** The settings of a sync out of what the library was given: a default for each, and what cannot go together refused. */
import { maxChunkSize, minChunkSize } from '../../blobs/chunker/parameters.ts'
import { FerryError } from '../../shared/errors.ts'
import { defaultDeltaThreshold, type SyncSettings } from '../../sync/options.ts'
import type { SyncSettingOptions } from './types.ts'

const defaults: SyncSettings = {
  recursive: true,
  links: true,
  perms: true,
  times: true,
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
  partial: true,
  failOnConflict: false,
  sidecar: true,
  rules: [],
  filesFrom: undefined,
}

/** @throws E_USAGE when options do not go together */
export function settingsOf(options: SyncSettingOptions): SyncSettings {
  const given = Object.fromEntries(
    Object.keys(defaults)
      .map((key) => [key, options[key as keyof SyncSettings]] as const)
      .filter(([, value]) => value !== undefined),
  )
  // With a folder of their own the kept files keep their names.
  const suffix = options.suffix ?? (options.backupDir === undefined ? defaults.suffix : '')
  const backup = (options.backup ?? false) || options.backupDir !== undefined
  const settings: SyncSettings = { ...defaults, ...given, suffix, backup }
  if (settings.delete && !settings.recursive)
    throw new FerryError('E_USAGE', 'Cannot delete without going into folders', {
      hint: 'leave out --no-recursive, or --delete',
    })
  if (settings.backup && settings.suffix === '' && settings.backupDir === undefined)
    throw new FerryError('E_USAGE', 'Cannot keep backups: without a suffix they would replace the files', {
      hint: "give --suffix '~' or --backup-dir DIR",
    })
  if (settings.suffix.includes('/'))
    throw new FerryError('E_USAGE', 'Cannot use a suffix of backups with a slash in it')
  const size = settings.blockSize
  if (
    size !== undefined &&
    !(size >= minChunkSize && size <= maxChunkSize && Number.isInteger(Math.log2(size)))
  )
    throw new FerryError('E_USAGE', `Cannot use a block size of ${size} bytes`, {
      hint: 'give a power of two from 64K to 4M',
    })
  return settings
}
