import assert from 'node:assert/strict'
import { chmodSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { Worker } from 'node:worker_threads'
import { FerryError } from '../../src/shared/errors.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createIdentity, isSignedBy, openIdentity } from '../../src/node/identity.ts'
import { peerIdOf, publicKeyOf } from '../../src/node/peer-id.ts'
import { isRootSignedBy, signRoot } from '../../src/node/root-signature.ts'

test('openIdentity: makes a key on first use, readable by its owner only, and finds it again', async () => {
  await using folder = temporaryFolder()
  const directory = join(folder.path, 'data')
  const first = openIdentity(directory)
  assert.match(first.peer, /^12D3KooW/)
  assert.equal(openIdentity(directory).peer, first.peer)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  assert.equal(statSync(join(directory, 'identity.pem')).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(directory), ['identity.pem'])
})

test('openIdentity: threads that start at once all get the same key', async () => {
  await using folder = temporaryFolder()
  const code = `import(${JSON.stringify(import.meta.resolve('../../src/node/identity.js'))})
    .then((m) => require('node:worker_threads').parentPort.postMessage(m.openIdentity(${JSON.stringify(folder.path)}).peer))`
  const peers = await Promise.all(
    Array.from({ length: 6 }, () => {
      const worker = new Worker(code, { eval: true })
      return new Promise<string>((done, fail) => worker.once('message', done).once('error', fail))
    }),
  )
  assert.equal(new Set(peers).size, 1)
  assert.deepEqual(readdirSync(folder.path), ['identity.pem'])
})

test('openIdentity: refuses a key that others can read, that is damaged, or that is a link', async () => {
  await using folder = temporaryFolder()
  openIdentity(folder.path)
  const file = join(folder.path, 'identity.pem')
  chmodSync(file, 0o640)
  assert.throws(() => openIdentity(folder.path), { code: 'E_STORE', message: /other users can read it/ })
  chmodSync(file, 0o600)
  const pem = readFileSync(file, 'utf8')
  for (const broken of ['', 'hello', pem.slice(0, 60), pem.replace(/[A-Z]{3}/, '***'), 'x'.repeat(5000)]) {
    writeFileSync(file, broken)
    assert.throws(
      () => openIdentity(folder.path),
      (error) =>
        error instanceof FerryError && error.code === 'E_STORE' && !error.message.includes(pem.slice(60, 80)),
    )
  }
  rmSync(file)
  symlinkSync('/etc/passwd', file)
  assert.throws(() => openIdentity(folder.path), FerryError)
})

test('isSignedBy: accepts exactly the signed message of the named peer', () => {
  const [one, other] = [createIdentity(), createIdentity()]
  const message = Buffer.from('a root')
  const signature = one.sign(message)
  assert.equal(isSignedBy(one.peer, message, signature), true)
  assert.equal(isSignedBy(other.peer, message, signature), false)
  assert.equal(isSignedBy(one.peer, Buffer.from('a Root'), signature), false)
  assert.equal(isSignedBy(one.peer, message, signature.subarray(1)), false)
})

test('isRootSignedBy: binds root and share', () => {
  const owner = createIdentity()
  const [share, root] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  const signature = signRoot(owner, share, root)
  assert.equal(isRootSignedBy(owner.peer, share, root, signature), true)
  assert.equal(isRootSignedBy(owner.peer, root, share, signature), false)
})

test('publicKeyOf: is the inverse of peerIdOf, agrees with libp2p, and refuses other text', async () => {
  const owner = createIdentity()
  assert.deepEqual(publicKeyOf(peerIdOf(owner.publicKey)), owner.publicKey)
  const { peerIdFromString } = await import('@libp2p/peer-id')
  const { privateKeyFromRaw } = await import('@libp2p/crypto/keys')
  assert.equal(peerIdFromString(owner.peer).toString(), owner.peer)
  assert.deepEqual(privateKeyFromRaw(owner.rawPrivateKey()).publicKey.raw, owner.publicKey)
  for (const wrong of [
    '',
    '12D3',
    'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
    `${owner.peer}1`,
    '0'.repeat(9000),
  ])
    assert.throws(() => publicKeyOf(wrong), { code: 'E_USAGE' })
})
