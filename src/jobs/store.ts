/** What `ferry store` does: say how much is remembered, tidy up, examine everything. */
import { collectGarbage } from '../blobs/store/gc.ts'
import { measureStore } from '../blobs/store/info.ts'
import type { DiskStore } from '../blobs/store/open-store.ts'
import { verifyStore } from '../blobs/store/verify.ts'
import type { WorkerPool } from '../blobs/worker/pool.ts'
import type { ProgressSink } from '../progress/events.ts'
import type { GcResult, StoreInfo, StoreVerifyResult } from './types.ts'

interface StoreTools {
  store(): Promise<DiskStore>
  pool(): Promise<WorkerPool>
}

interface StoreContext {
  readonly signal: AbortSignal
  readonly progress: ProgressSink
  readonly tools: StoreTools
}

export async function runStoreInfo(tools: Pick<StoreTools, 'store'>): Promise<StoreInfo> {
  const store = await tools.store()
  return { directory: store.directory, ...measureStore(store) }
}

export async function runStoreGc(context: StoreContext): Promise<GcResult> {
  const { signal, progress, tools } = context
  const store = await tools.store()
  progress.phase('scan', 'Looking for what is no longer needed')
  let told = 0
  return await collectGarbage(store, {
    signal,
    onProgress({ files, totalFiles }) {
      progress.totals({ files: totalFiles, bytes: 0, final: true })
      progress.addDone({ files: files - told, bytes: 0 })
      told = files
    },
  })
}

export async function runStoreVerify(context: StoreContext): Promise<StoreVerifyResult> {
  const { signal, progress, tools } = context
  const [store, pool] = await Promise.all([tools.store(), tools.pool()])
  for (const path of store.setAside) progress.warn(`A damaged part of the store was set aside as ${path}`)
  const size = measureStore(store)
  progress.totals({ files: size.files, bytes: size.fileBytes, final: true })
  progress.phase('verify', 'Reading every known file again')
  let told = { files: 0, bytes: 0 }
  return await verifyStore(store, pool, {
    signal,
    onProgress(now) {
      progress.addDone({ files: now.files - told.files, bytes: now.bytes - told.bytes })
      told = now
    },
  })
}
