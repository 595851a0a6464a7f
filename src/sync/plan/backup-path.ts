/** Where `--backup` keeps what is replaced or deleted, and which old backups `--delete` leaves alone. */
import type { SyncSettings } from '../options.ts'
import type { SyncEntry } from '../source.ts'

type BackupSettings = Pick<SyncSettings, 'backup' | 'backupDir' | 'suffix'>

const withoutSlash = (folder: string): string => folder.replace(/\/+$/, '')

/** Relative to the destination, as `backupDir` is; undefined when nothing is kept. Folders are not. */
export function backupPath(
  replaced: Pick<SyncEntry, 'kind' | 'path'>,
  settings: BackupSettings,
): string | undefined {
  if (!settings.backup || replaced.kind === 'directory') return undefined
  const name = `${replaced.path}${settings.suffix}`
  return settings.backupDir === undefined ? name : `${withoutSlash(settings.backupDir)}/${name}`
}

/**
 * True for the name of a backup that lies beside its original, and for all in the folder of backups. rsync deletes the
 * latter, which moves them a folder deeper each time, and loses those that the same run replaces.
 */
export function isBackupName(path: string, settings: BackupSettings): boolean {
  if (!settings.backup) return false
  if (settings.backupDir !== undefined) return `${path}/`.startsWith(`${withoutSlash(settings.backupDir)}/`)
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name.endsWith(settings.suffix)
}
