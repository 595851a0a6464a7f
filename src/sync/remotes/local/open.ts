/** A folder of this computer (or one file of it) as a remote. */
import { lstatSync, statSync } from 'node:fs'
import { throwIfCancelled } from '../../../shared/concurrency.ts'
import { isSystemError, toFerryError } from '../../../shared/errors.ts'
import type { TreePath } from '../../../shared/paths.ts'
import type { RemoteContext } from '../../context.ts'
import type { LocalLocation } from '../../location.ts'
import type { Remote } from '../../remote.ts'
import { createChanges } from './change.ts'
import { createContentOpener } from './content.ts'
import { entryOf } from './entry.ts'
import { listPlace } from './list.ts'
import { openPlace } from './place.ts'
import { createWriting } from './write.ts'

/** Below this, looking for what has not changed costs more than a disk saves by not writing it. */
const leastDeltaBytes = 1024 * 1024
/** So many small files come together in one task that syncing them costs little; of large ones memory is bounded apart. */
const concurrency = 128

/**
 * Opens the folder or file `location.path`. It need not be there: what lists it is told, and the first file that is
 * written makes it.
 * @throws E_PERMISSION, E_IO when it cannot be looked at
 */
export async function openLocalRemote(location: LocalLocation, context: RemoteContext): Promise<Remote> {
  const { path } = location
  const place = openPlace(path)
  const contents = createContentOpener(place, context)
  const { write, assemble, writeLink } = createWriting(place, context)
  const { remove, makeFolder, rename, duplicate, setAttributes } = createChanges(place)
  return {
    url: path,
    place: 'local',
    list: (options) => listPlace(place, options),
    async open(entry, options) {
      throwIfCancelled(options?.signal)
      return contents.open(entry)
    },
    async stat(below, options) {
      throwIfCancelled(options?.signal)
      const diskPath = place.diskPath(below)
      try {
        const look = below === '' ? statSync : lstatSync
        const stats = look(diskPath, { bigint: true })
        return entryOf(below as TreePath, diskPath, stats)
      } catch (error) {
        if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
        throw toFerryError(error, `Cannot look at "${diskPath}"`)
      }
    },
    write,
    remove,
    caps: {
      assemble,
      makeFolder,
      writeLink,
      setAttributes,
      rename,
      duplicate,
      modes: true,
      timeStepNs: 1n,
      leastDeltaBytes,
      concurrency,
    },
    async [Symbol.asyncDispose]() {},
  }
}
