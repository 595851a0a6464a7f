/** Makes the symbolic links of a tree, after all of its files: so that none of them is ever written through. */
import { leavesTree } from '../../blobs/manifest/entry-rules.ts'
import type { SymlinkEntry } from '../../blobs/manifest/entry.ts'
import { decideOverwrite, maxRenameTries, numberedName } from '../../blobs/tree-writer/overwrite.ts'
import { writeLink } from '../../blobs/tree-writer/write-link.ts'
import { inspectPath, type Existing } from '../../blobs/worker/inspect-files-tasks.ts'
import { throwIfCancelled } from '../../shared/concurrency.ts'
import { toFerryError } from '../../shared/errors.ts'
import { lastName, parentPath } from '../../shared/paths.ts'
import { conflictError } from './judge-files.ts'
import { concernsOneFile, type ReceiveRun } from './run.ts'

/** Links made between two looks at the signal. */
const linksPerTurn = 256

/** Failures of single links are reported to the run. @throws what stops the receive. */
export async function writeLinks(run: ReceiveRun, links: readonly SymlinkEntry[]): Promise<void> {
  let made = 0
  for (const link of links) {
    if (++made % linksPerTurn === 0) {
      await new Promise((resolve) => setImmediate(resolve))
      throwIfCancelled(run.signal)
    }
    if (run.safeLinks && leavesTree(link.path, link.target)) {
      run.progress.warn(`The link "${link.path}" is left out: it leads out of what is received`)
      continue
    }
    try {
      run.folders.ensure(parentPath(link.path))
      placeLink(run, link)
    } catch (caught) {
      const error = toFerryError(caught, `Cannot make the link "${link.path}"`)
      if (!concernsOneFile(error)) throw error
      run.destination.check()
      run.tally.fail(link.path, error)
    }
  }
}

function isSameLink(existing: Existing, link: SymlinkEntry): boolean {
  return existing.kind === 'symlink' && existing.target === link.target
}

function placeLink(run: ReceiveRun, link: SymlinkEntry): void {
  const disk = run.folders.diskPath(link.path)
  const existing = inspectPath(disk)
  if (isSameLink(existing, link)) return
  switch (decideOverwrite(existing, run.overwrite, link.mtimeNs)) {
    case 'write':
      return writeLink(disk, link, undefined)
    case 'replace':
      return writeLink(disk, link, 'fingerprint' in existing ? existing.fingerprint : undefined)
    case 'keep':
      return
    case 'conflict':
      throw conflictError(disk, existing)
    case 'rename': {
      const folder = parentPath(link.path)
      for (let number = 1; number <= maxRenameTries; number++) {
        const name = numberedName(lastName(link.path), number)
        const free = run.folders.diskPath(folder === '' ? name : `${folder}/${name}`)
        const there = inspectPath(free)
        if (isSameLink(there, link)) return
        if (there.kind === 'none') return writeLink(free, link, undefined)
      }
      throw conflictError(disk, existing)
    }
  }
}
