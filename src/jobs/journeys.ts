/** The journeys by name, each loaded when it is first taken: a receive never reads the code that hashes a share. */
import type { FerryTools } from './tools.ts'
import type {
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
import { FerryError } from '../shared/errors.ts'

export interface Journeys {
  share(inputs: readonly ShareInput[], options: ShareOptions, context: ShareContext): Promise<ShareResult>
  receive(ticket: string, into: string, options: ReceiveOptions, context: JobContext): Promise<ReceiveResult>
  list(ticket: string, options: ListOptions, context: ListContext): Promise<ListResult>
  verify(path: string, ticket: string, options: VerifyOptions, context: JobContext): Promise<VerifyResult>
  storeInfo(tools: FerryTools): Promise<StoreInfo>
  storeGc(context: JobContext): Promise<GcResult>
  storeVerify(context: JobContext): Promise<StoreVerifyResult>
}

const missing = (): never => {
  throw new FerryError('E_INTERNAL', 'This is not built yet')
}

export const journeys: Journeys = {
  async share(inputs, options, context) {
    const { runShare } = await import('./share.ts')
    return await runShare(inputs, options, context)
  },
  receive: async () => missing(),
  list: async () => missing(),
  verify: async () => missing(),
  storeInfo: async () => missing(),
  storeGc: async () => missing(),
  storeVerify: async () => missing(),
}
