/** The suite of remotes on a local folder. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createLocalContext } from '../../../support/local-context.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { openLocalRemote } from '../../../../src/sync/remotes/local/open.ts'
import type { Remote } from '../../../../src/sync/remote.ts'
import { testRemote } from '../../remote-suite.ts'

testRemote('local', async () => {
  const folder = temporaryFolder()
  const context = createLocalContext(folder.at('state'))
  mkdirSync(folder.at('root'))
  const open = (path: string): Promise<Remote> => openLocalRemote({ kind: 'local', path }, context)
  return {
    remote: await open(folder.at('root')),
    async intrude(path, bytes) {
      mkdirSync(dirname(folder.at('root', path)), { recursive: true })
      writeFileSync(folder.at('root', path), bytes)
    },
    reopen: () => open(folder.at('root')),
    missing: () => open(folder.at('missing')),
    async [Symbol.asyncDispose]() {
      await context[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
})
