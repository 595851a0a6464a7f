import assert from 'node:assert/strict'
import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { spawnSync } from 'node:child_process'
import { listen } from '../../src/daemon/listen.ts'
import {
  keepToken,
  readInfo,
  readToken,
  removeInfo,
  runtimeDirectory,
  tokenPath,
  writeInfo,
} from '../../src/daemon/runtime-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('listen: a port in use is a conflict with a way out, and 0 is any free one', async () => {
  const other = createTcpServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const server = createServer()
  await assert.rejects(listen(server, { port }), { code: 'E_CONFLICT', hint: /--port/ })
  const address = await listen(server, { port: 0 })
  assert.ok('port' in address && address.port > 0)
  assert.equal((server.address() as AddressInfo).address, '127.0.0.1')
  server.close()
  other.close()
})

test('listen: a socket is its user’s alone; one that is alive stays, one that is stale is replaced', async () => {
  await using folder = temporaryFolder()
  const socketPath = folder.at('run', 'socket')
  const server = createServer()
  await listen(server, { socketPath })
  assert.equal(statSync(socketPath).mode & 0o777, 0o600)
  assert.equal(statSync(folder.at('run')).mode & 0o777, 0o700)
  const second = createServer()
  await assert.rejects(listen(second, { socketPath }), { code: 'E_CONFLICT' })
  assert.ok(lstatSync(socketPath).isSocket())
  server.close()
  // A process that was killed leaves its socket behind.
  const script = `require('net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script])
  assert.ok(lstatSync(socketPath).isSocket())
  await listen(second, { socketPath })
  second.close()
})

test('listen: what is no socket is not touched, and a path that is too long is said to be', async () => {
  await using folder = temporaryFolder()
  const socketPath = folder.at('file')
  writeFileSync(socketPath, 'mine')
  await assert.rejects(listen(createServer(), { socketPath }), { code: 'E_CONFLICT' })
  assert.equal(readFileSync(socketPath, 'utf8'), 'mine')
  await assert.rejects(listen(createServer(), { socketPath: folder.at('x'.repeat(200)) }), {
    code: 'E_USAGE',
  })
})

test('keepToken: 32 random bytes that stay, replaced when others could have read them', async () => {
  await using folder = temporaryFolder()
  const directory = folder.at('run')
  const token = keepToken(directory)
  assert.equal(Buffer.from(token, 'base64url').byteLength, 32)
  assert.equal(statSync(tokenPath(directory)).mode & 0o777, 0o600)
  assert.equal(keepToken(directory), token)
  assert.equal(readToken(directory), token)
  chmodSync(tokenPath(directory), 0o644)
  const next = keepToken(directory)
  assert.notEqual(next, token)
  assert.equal(statSync(tokenPath(directory)).mode & 0o777, 0o600)
  writeFileSync(tokenPath(directory), 'short')
  assert.notEqual(keepToken(directory), 'short')
  assert.throws(() => readToken(folder.at('nowhere')), { code: 'E_NOT_FOUND' })
})

test('readInfo: what cannot be understood is no daemon, and only our own is removed', async () => {
  await using folder = temporaryFolder()
  const directory = folder.at('run')
  mkdirSync(directory)
  assert.equal(readInfo(directory), undefined)
  for (const text of [
    '',
    'null',
    '{}',
    '{"pid":"1"}',
    '{"pid":1,"version":"1","startedAtMs":1,"address":{}}',
  ]) {
    writeFileSync(folder.at('run', 'daemon.json'), text)
    assert.equal(readInfo(directory), undefined, text)
  }
  const info = { pid: 1, version: '1', startedAtMs: 1, address: { port: 5 } }
  writeInfo(directory, info)
  assert.deepEqual(readInfo(directory), info)
  assert.equal(statSync(folder.at('run', 'daemon.json')).mode & 0o777, 0o600)
  removeInfo(directory)
  assert.deepEqual(readInfo(directory), info)
  writeInfo(directory, { ...info, pid: process.pid })
  removeInfo(directory)
  assert.equal(readInfo(directory), undefined)
})

test('runtimeDirectory: FERRY_HOME, then the folder of the session, then the state', () => {
  assert.equal(runtimeDirectory({ FERRY_HOME: '/h', XDG_RUNTIME_DIR: '/run/user/1' }), '/h/state/run')
  assert.equal(runtimeDirectory({ HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/1' }), '/run/user/1/ferry')
  assert.match(runtimeDirectory({ HOME: '/home/me', XDG_RUNTIME_DIR: 'relative' }), /\/ferry\/run$/)
})
