/** The daemon as a process of its own. */
import assert from 'node:assert/strict'
import { findDaemon, type EngineClient } from '../../src/daemon/client.ts'
import { runtimeDirectory } from '../../src/daemon/runtime-files.ts'
import { startFerry } from './ferry.ts'
import type { RunningProcess } from './process.ts'

export interface RunningDaemon extends AsyncDisposable {
  readonly process: RunningProcess
  readonly client: EngineClient
}

/** In the foreground, on a port of its own if `args` names none. */
export async function startDaemon(
  home: string,
  args: readonly string[] = ['--port', '0'],
): Promise<RunningDaemon> {
  const process = startFerry(['daemon', 'run', '--no-dht', ...args], { home })
  await process.waitFor(/The daemon listens on .+\n/)
  const found = await findDaemon(runtimeDirectory({ FERRY_HOME: home }))
  assert.ok(found)
  return {
    process,
    client: found.client,
    async [Symbol.asyncDispose]() {
      await found.client[Symbol.asyncDispose]()
      await process[Symbol.asyncDispose]()
    },
  }
}
