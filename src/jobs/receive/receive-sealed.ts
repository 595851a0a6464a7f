/**
 * Receives a share whose root is known: the whole manifest is fetched, checked, and compared with what stands at the
 * destination before the first byte is written.
 */
import type { FileEntry } from '../../blobs/manifest/entry.ts'
import type { ManifestReader } from '../../blobs/manifest/reader.ts'
import { chunkListOf } from './chunk-list.ts'
import { fetchManifest } from './fetch-manifest.ts'
import { receiveTree, type TreeItem } from './receive-tree.ts'
import type { ReceiveOrder } from '../types.ts'
import { orderedItems } from './ordered-items.ts'
import type { ReceiveRun } from './run.ts'
import { checkSpace, surveyTree } from './survey.ts'

export interface PassOptions {
  readonly wanted: (path: string) => boolean
  readonly jobs: number
  readonly order?: ReceiveOrder | undefined
  /** Asked before the first write. @throws E_CANCELLED when the user says no. */
  readonly confirm: (plan: {
    readonly files: number
    readonly bytes: number
    readonly final: boolean
  }) => Promise<void>
  /** The manifest is whole and good; from now on it can be served to others. */
  readonly onManifest: (manifest: ManifestReader) => void
  /** The content of this entry is complete at `disk`. */
  readonly onComplete: (number: number, entry: FileEntry, disk: string) => void
  /** The user has left this file out. */
  readonly onLeftOut?: ((entry: FileEntry) => void) | undefined
}

/** Resolves when all is written that could be. @throws what stops the receive as a whole. */
export async function receiveSealed(run: ReceiveRun, root: Uint8Array, options: PassOptions): Promise<void> {
  const { wanted } = options
  run.progress.phase('manifest')
  const manifest = await fetchManifest(
    {
      fetcher: run.fetcher,
      store: run.store,
      signal: run.signal,
      throttle: run.throttle,
      rules: { foldsNames: run.destination.foldsNames, windowsNames: process.platform === 'win32' },
    },
    root,
  )
  options.onManifest(manifest)
  const survey = await surveyTree(run, manifest, wanted)
  run.tally.files.total += survey.files
  run.tally.bytes.total += survey.bytes
  run.progress.totals({ files: run.tally.files.total, bytes: run.tally.bytes.total, final: true })
  checkSpace(run, survey.neededBytes)
  await options.confirm({ files: survey.files, bytes: survey.bytes, final: true })
  run.destination.create()
  run.progress.phase('fetch')
  const { order = 'name' } = options
  const items = order === 'name' ? itemsOf(manifest) : orderedItems(manifest, wanted, order)
  await receiveTree(run, items, {
    jobs: options.jobs,
    wanted,
    listOf: (file, known) => chunkListOf(run, file, known),
    onComplete: options.onComplete,
    onLeftOut: options.onLeftOut,
  })
}

async function* itemsOf(manifest: ManifestReader): AsyncGenerator<TreeItem[]> {
  for (let page = 0; page < manifest.pageCount; page++) {
    const { first } = manifest.page(page)
    yield manifest.entriesOf(page).map((entry, index) => ({ number: first + index, entry }))
  }
}
