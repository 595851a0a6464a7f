/**
 * A daemon from start to end: the engine of the data directory (which locks it), the server, and the files that tell
 * clients where it is. Jobs that were interrupted go on only once all of that stands. Knows no signals and prints
 * nothing: that is `ferry daemon run`.
 */
import { dirname } from 'node:path'
import { openEngine } from '../jobs/open-engine.ts'
import { resumeInterrupted, type EngineOptions } from '../jobs/engine.ts'
import type { Engine } from '../jobs/engine-types.ts'
import type { Ferry } from '../jobs/ferry.ts'
import { makePrivateDirectory } from '../shared/directories.ts'
import { createToken, keepToken, removeInfo, writeInfo } from './runtime-files.ts'
import type { DaemonAddress, DaemonInfo } from './runtime-files.ts'
import { createDaemonServer } from './server.ts'

export interface DaemonOptions {
  readonly ferry: Ferry
  readonly version: string
  /** As in `EngineOptions`. */
  readonly remotes?: EngineOptions['remotes']
  readonly address: DaemonAddress
  /** For `daemon.json` and the token. Undefined: nobody but the caller is told of this daemon. */
  readonly runtimeDirectory: string | undefined
  /** Told when a client asks it to end. */
  readonly onShutdown: () => void
}

export interface RunningDaemon extends AsyncDisposable {
  readonly info: DaemonInfo
  readonly token: string
  readonly engine: Engine
}

/** Disposing it saves and stops all jobs; the `Ferry` is closed by whoever made it. @throws E_CONFLICT, E_PERMISSION, … */
export async function runDaemon(options: DaemonOptions): Promise<RunningDaemon> {
  const { ferry, version, runtimeDirectory: directory, onShutdown } = options
  if (directory !== undefined) makePrivateDirectory(directory)
  if ('socketPath' in options.address) makePrivateDirectory(dirname(options.address.socketPath))
  await using stack = new AsyncDisposableStack()
  const engine = stack.use(openEngine({ ferry, version, remotes: options.remotes }))
  const token = directory === undefined ? createToken() : keepToken(directory)
  const server = stack.use(await createDaemonServer({ engine, token, address: options.address, onShutdown }))
  const info = { pid: process.pid, version, startedAtMs: Date.now(), address: server.address }
  if (directory !== undefined) {
    writeInfo(directory, info)
    stack.defer(() => removeInfo(directory))
  }
  await resumeInterrupted(engine)
  const parts = stack.move()
  return { info, token, engine, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}
