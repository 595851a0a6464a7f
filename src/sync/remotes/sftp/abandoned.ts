/**
 * Parts that lie on the server and that no running transfer of this computer writes: those with a record, by their
 * real name, and those of other computers or of small files, found by looking through the tree.
 */
import type { RunOptions } from '../../../shared/options.ts'
import { partSuffix } from '../../../shared/paths.ts'
import type { AbandonedTransfer } from '../../remote.ts'
import { listTree } from './list-tree.ts'
import { removePart } from './part-file.ts'
import { remotePath, type SftpPlace } from './place.ts'
import { toSftpError } from './sftp-error.ts'
import type { UploadRecords } from './upload-records.ts'

export async function listAbandoned(
  place: SftpPlace,
  records: UploadRecords,
  { signal }: RunOptions = {},
): Promise<readonly AbandonedTransfer[]> {
  const known = new Map(records.all().map((record) => [record.part, record]))
  const found: AbandonedTransfer[] = []
  const tree = listTree(place, {
    signal,
    recursive: true,
    onProblem: () => undefined,
    onReserved(folder, files) {
      for (const { name, mtimeSeconds } of files) {
        const inPlace = folder === '' ? name : `${folder}/${name}`
        const part = remotePath(place, inPlace)
        const record = known.get(part)
        if (record && records.isBusy(record)) continue
        found.push({
          path: record ? record.path.slice(place.root.length + 1) : targetOf(inPlace),
          startedAtMs: record?.startedAtMs ?? mtimeSeconds * 1000,
          async remove() {
            try {
              await place.pool.run((channel) => removePart(channel, part), { signal })
            } catch (error) {
              throw toSftpError(error, `Cannot remove "${inPlace}"`)
            }
            if (record) records.remove(record.path)
          },
        })
      }
    },
  })
  for await (const batch of tree) void batch
  return found
}

/** `a/b.1f2e3d4c.ferry-part` is a part of `a/b`. */
function targetOf(part: string): string {
  const stem = part.endsWith(partSuffix) ? part.slice(0, -partSuffix.length) : part
  return stem.replace(/\.(?:[0-9a-f]{8}|old)$/, '')
}
