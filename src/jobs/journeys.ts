/** The journeys by name, each loaded when it is first taken: a receive never reads the code that hashes a share. */
import type { SyncOptions, SyncResult } from './sync/types.ts'
import type { RemoteTestOptions, RemoteTestResult } from './remote-test.ts'
import type { FerryTools } from './tools.ts'
import type {
  DiffContext,
  DiffOptions,
  DiffResult,
  GcResult,
  JobContext,
  ListContext,
  ListOptions,
  ListResult,
  ReceiveOptions,
  ReceiveResult,
  ShareContext,
  ShareInput,
  ShareOptions,
  ShareResult,
  StoreInfo,
  StoreVerifyResult,
  VerifyOptions,
  VerifyResult,
} from './types.ts'

export interface Journeys {
  share(inputs: readonly ShareInput[], options: ShareOptions, context: ShareContext): Promise<ShareResult>
  receive(ticket: string, into: string, options: ReceiveOptions, context: JobContext): Promise<ReceiveResult>
  sync(from: string, to: string, options: SyncOptions, context: JobContext): Promise<SyncResult>
  list(ticket: string, options: ListOptions, context: ListContext): Promise<ListResult>
  diff(first: string, second: string, options: DiffOptions, context: DiffContext): Promise<DiffResult>
  verify(path: string, ticket: string, options: VerifyOptions, context: JobContext): Promise<VerifyResult>
  remoteTest(location: string, options: RemoteTestOptions, context: JobContext): Promise<RemoteTestResult>
  storeInfo(tools: FerryTools): Promise<StoreInfo>
  storeGc(context: JobContext): Promise<GcResult>
  storeVerify(context: JobContext): Promise<StoreVerifyResult>
}

export const journeys: Journeys = {
  share: async (...args) => await (await import('./share.ts')).runShare(...args),
  receive: async (...args) => await (await import('./receive.ts')).runReceive(...args),
  sync: async (...args) => await (await import('./sync.ts')).runSync(...args),
  list: async (...args) => await (await import('./list.ts')).runList(...args),
  diff: async (...args) => await (await import('./diff.ts')).runDiff(...args),
  verify: async (...args) => await (await import('./verify.ts')).runVerify(...args),
  remoteTest: async (...args) => await (await import('./remote-test.ts')).runRemoteTest(...args),
  storeInfo: async (tools) => await (await import('./store.ts')).runStoreInfo(tools),
  storeGc: async (context) => await (await import('./store.ts')).runStoreGc(context),
  storeVerify: async (context) => await (await import('./store.ts')).runStoreVerify(context),
}
