/** The suite of all remotes against OpenSSH, with its extensions and without. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import test, { after } from 'node:test'
import { sftpHome } from '../support/sftp-home.ts'
import { sshdSkipReason, startSshd, type SshdOptions } from '../support/sshd.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { testRemote, type RemotePlace } from '../sync/remote-suite.ts'
import { testAbilities } from '../sync/remote-suite/abilities.ts'
import type { Suite } from '../sync/remote-suite/place.ts'
import { testWriting } from '../sync/remote-suite/writing.ts'

/** One server for all tests of a suite, started by the first. */
function placesOn(options: SshdOptions): () => Promise<RemotePlace> {
  let starting: ReturnType<typeof startSshd> | undefined
  after(async () => {
    await (await starting)?.[Symbol.asyncDispose]()
  })
  return async () => {
    starting ??= startSshd(options)
    const sshd = await starting
    const home = sftpHome(sshd)
    const folder = temporaryFolder()
    const path = folder.at('a place')
    mkdirSync(path)
    const remote = await home.open({ path })
    return {
      remote,
      async intrude(name, bytes) {
        const file = `${path}/${name}`
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, bytes)
      },
      reopen: () => home.open({ path }),
      missing: () => home.open({ path: `${path}/missing` }),
      async [Symbol.asyncDispose]() {
        await remote[Symbol.asyncDispose]()
        await home[Symbol.asyncDispose]()
        await folder[Symbol.asyncDispose]()
      },
    }
  }
}

if (sshdSkipReason !== false) test('sftp', { skip: sshdSkipReason }, () => undefined)
else {
  testRemote('sftp', placesOn({}))
  // What a server of another make offers: no more than version 3 of the protocol says. Listing is the same with it.
  const extensions = [
    'copy-data',
    'posix-rename',
    'fsync',
    'statvfs',
    'fstatvfs',
    'hardlink',
    'lsetstat',
    'limits',
  ]
  const bare: Suite = {
    name: 'sftp without extensions',
    open: placesOn({ sftpOptions: `-P ${extensions.join(',')}` }),
    traits: { largeBytes: 7 * 1024 * 1024 + 3 },
  }
  testWriting(bare)
  testAbilities(bare)
}
