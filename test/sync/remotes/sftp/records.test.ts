import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, renameSync, symlinkSync } from 'node:fs'
import test from 'node:test'
import { sftpHome } from '../../../support/sftp-home.ts'
import { sshdSkipReason, startSshd } from '../../../support/sshd.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const options = sshdSkipReason === false ? { skip: false } : { skip: sshdSkipReason }

test(
  'createRecords: a record is guarded while nobody but the owner of the location can write it',
  options,
  async () => {
    await using folder = temporaryFolder()
    await using sshd = await startSshd({})
    await using home = sftpHome(sshd)
    const at = (...names: readonly string[]): string => folder.at('place', ...names)
    mkdirSync(at())
    await using remote = await home.open({ path: at() })
    const { records } = remote.caps
    const isGuarded = async (): Promise<boolean | undefined> => await records?.isGuarded?.('sig/one/two')
    assert.equal(await isGuarded(), false, 'it is not there')
    await records?.write('sig/one/two', Uint8Array.of(1))
    const chain = [at('.ferry'), at('.ferry', 'sig'), at('.ferry', 'sig', 'one')]
    for (const path of chain) chmodSync(path, 0o755)
    assert.equal(await isGuarded(), true)
    for (const path of [...chain, at('.ferry', 'sig', 'one', 'two')]) {
      for (const mode of [0o777, 0o770]) {
        chmodSync(path, mode)
        assert.equal(await isGuarded(), false, `${path} ${mode.toString(8)}`)
      }
      chmodSync(path, 0o700)
      assert.equal(await isGuarded(), true)
    }
    renameSync(at('.ferry', 'sig'), folder.at('elsewhere'))
    symlinkSync(folder.at('elsewhere'), at('.ferry', 'sig'))
    assert.equal(await isGuarded(), false, 'a link leads there')
  },
)
