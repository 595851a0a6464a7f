/** What opening a location needs from outside of this room. */
import type { DiskStore } from '../blobs/store/open-store.ts'
import type { WorkerPool } from '../blobs/worker/pool.ts'
import type { PartLedger } from '../shared/part-ledger.ts'

export interface RemoteContext {
  readonly signal: AbortSignal
  readonly warn: (message: string) => void
  pool(): Promise<WorkerPool>
  store(): Promise<DiskStore>
  /** For what may be lost without harm but saves work: chunk lists, unfinished uploads. Absolute, made (0700) on use. */
  readonly stateDirectory: string
  /** Environment for credentials, agents and home. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Told of the parts of files on this computer that are begun, and when they are whole or gone. */
  readonly parts?: PartLedger | undefined
  /**
   * Asks the user for a secret (a passphrase, a password), or whether a host key is right. Undefined when nobody can be
   * asked.
   */
  readonly ask?: ((question: string, hidden: boolean) => Promise<string>) | undefined
}
