/** An archive that is shared as the tree in it: unpacked into a folder of its own, which goes with the share. */
import { mkdirSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expandArchive } from '../../blobs/archive/expand-archive.ts'
import { formatBytes, formatPlural } from '../../shared/units.ts'
import type { JobContext } from '../types.ts'

const archiveEnding = /\.(?:zip|tar|tgz|tar\.(?:gz|zst))$/i

/**
 * The top-level name and where that lies. An archive of one folder is shared as that folder, any other as a folder named
 * for the archive.
 * @throws as `expandArchive`
 */
export async function expandInput(
  archive: string,
  name: string | undefined,
  spool: string,
  { signal, progress }: Pick<JobContext, 'signal' | 'progress'>,
): Promise<[name: string, path: string]> {
  // The spool itself is for this user alone; what is shared has the mode of an ordinary folder.
  const tree = join(spool, 'tree')
  mkdirSync(tree, 0o755)
  await expandArchive(archive, tree, {
    signal,
    onProgress: ({ entries, bytes, name: current }) =>
      progress.phase(
        'scan',
        `Unpacking ${formatPlural(entries, 'entry')}, ${formatBytes(bytes)}: ${current}`,
      ),
    onFile(path, size) {
      const step = progress.beginStep(path, 'write', size)
      return {
        bytes: (done) => step.bytes(done),
        done() {
          step.done()
          progress.tellItem?.({ path, phase: 'unpacked', bytes: size })
        },
      }
    },
    onSkipped: (skipped) => progress.warn(`"${skipped}" in the archive is no file, folder or link: left out`),
  })
  const tops = readdirSync(tree, { withFileTypes: true })
  const [top] = tops
  if (tops.length === 1 && top?.isDirectory()) return [name ?? top.name, join(tree, top.name)]
  return [name ?? basename(archive).replace(archiveEnding, ''), tree]
}
