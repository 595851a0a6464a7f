/** A local remote in a temporary folder, for the tests of what only local remotes promise. */
import { mkdirSync } from 'node:fs'
import { openLocalRemote } from '../../../../src/sync/remotes/local/open.ts'
import type { Remote } from '../../../../src/sync/remote.ts'
import { createLocalContext, type LocalContext } from '../../../support/local-context.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

export interface LocalPlace extends AsyncDisposable {
  readonly remote: Remote
  readonly context: LocalContext
  /** Joins names to the remote's folder. */
  readonly at: (...names: string[]) => string
  /** Joins names to a folder beside it. */
  readonly beside: (...names: string[]) => string
  /** Another location of the same computer. */
  open(path: string): Promise<Remote>
}

export async function localPlace(): Promise<LocalPlace> {
  const folder = temporaryFolder()
  const context = createLocalContext(folder.at('state'))
  const open = (path: string): Promise<Remote> => openLocalRemote({ kind: 'local', path }, context)
  mkdirSync(folder.at('root'))
  return {
    remote: await open(folder.at('root')),
    context,
    at: (...names) => folder.at('root', ...names),
    beside: (...names) => folder.at(...names),
    open,
    async [Symbol.asyncDispose]() {
      await context[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
