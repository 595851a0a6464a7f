/** The library's one door. */
export { createFerry } from './jobs/ferry.ts'
export type { Ferry, FerryOptions, FerryStore, ShareJob } from './jobs/ferry.ts'
export { createEngine } from './jobs/engine.ts'
export type { EngineOptions } from './jobs/engine.ts'
export type {
  CancelOptions,
  Engine,
  EngineChange,
  EngineStatus,
  HistoryOptions,
  HistoryRow,
  JobSpec,
  JobState,
  JobView,
  Limits,
  PeerView,
  ReceiveSpec,
  ShareSpec,
  ShareView,
  SyncSpec,
} from './jobs/engine-types.ts'
export type { DoctorCheck } from './jobs/doctor.ts'
export type { RemoteTestOptions, RemoteTestResult } from './jobs/remote-test.ts'
export type { Job, JobListeners, SnapshotSource } from './jobs/job.ts'
export type {
  ArchiveFormat,
  DiffOptions,
  DiffResult,
  Difference,
  FailureSummary,
  GcResult,
  ItemFailure,
  ListedEntry,
  ListOptions,
  ListResult,
  NetworkOptions,
  OverwritePolicy,
  ReceiveOptions,
  ReceiveOrder,
  ReceivePlan,
  ReceiveResult,
  RemoteDefinition,
  ShareInput,
  ShareOptions,
  ShareResult,
  ShareSealed,
  ShareTicket,
  StoreInfo,
  StoreVerifyResult,
  VerifyDifference,
  VerifyOptions,
  VerifyResult,
} from './jobs/types.ts'
export type {
  S3Options,
  SyncChange,
  SyncOptions,
  SyncPlan,
  SyncResult,
  SyncSettingOptions,
} from './jobs/sync/types.ts'
export type {
  ItemEvent,
  JobKind,
  PeerPicture,
  PeerProgress,
  Phase,
  ReportedError,
  Snapshot,
  SyncCounts,
  SyncProgress,
} from './progress/events.ts'
export { FerryError } from './shared/errors.ts'
export type { ErrorCode } from './shared/errors.ts'
