/** The usual stage of an end-to-end test: a folder with a sender's and a receiver's home, a source and a destination. */
import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  parseSummary,
  runReceive,
  startReceive,
  startShare,
  type RunningShare,
  type Summary,
} from './ferry.ts'
import { differences, listTree, type Aspect } from './listing.ts'
import { describeExit, type Exit, type RunningProcess } from './process.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

export interface Stage extends TemporaryFolder {
  readonly senderHome: string
  readonly receiverHome: string
  /** Folder that receives; it does not exist at first. */
  readonly into: string
  /** Starts `ferry share` in the sender's home. Names are joined to the stage's folder. */
  share(names: readonly string[], args?: readonly string[]): Promise<RunningShare>
  /** The ticket of these paths; the share has been stopped again when it resolves. */
  ticketOf(names: readonly string[]): Promise<string>
  /** Starts `ferry receive --json` in the receiver's home. */
  startReceive(ticket: string, args?: readonly string[]): RunningProcess
  /** Runs `ferry receive --json` to its end. */
  receive(ticket: string, args?: readonly string[]): Promise<Exit>
  /** As `receive`, and it must end well. */
  mustReceive(ticket: string, args?: readonly string[]): Promise<Summary>
  /** What was shared as `name` has arrived whole. */
  assertArrived(name: string, aspects?: readonly Aspect[]): void
  /** Writes a small file, with its folders. */
  write(name: string, content: string | Uint8Array): void
}

/** Sets an empty stage. `parent` is the folder in which it is made. */
export function setStage(parent?: string): Stage {
  const folder = temporaryFolder(parent)
  const { at } = folder
  const senderHome = at('sender-home')
  const receiverHome = at('receiver-home')
  const into = at('into')
  const receiveOptions = (ticket: string, args: readonly string[]) => ({
    home: receiverHome,
    ticket,
    into,
    args: ['--json', ...args],
  })
  return {
    ...folder,
    senderHome,
    receiverHome,
    into,
    share: async (names, args = []) =>
      await startShare({ home: senderHome, paths: names.map((name) => at(name)), args }),
    async ticketOf(names) {
      await using share = await startShare({ home: senderHome, paths: names.map((name) => at(name)) })
      return share.ticket
    },
    startReceive: (ticket, args = []) => startReceive(receiveOptions(ticket, args)),
    receive: async (ticket, args = []) => await runReceive(receiveOptions(ticket, args)),
    async mustReceive(ticket, args = []) {
      const exit = await runReceive(receiveOptions(ticket, args))
      assert.equal(exit.code, 0, describeExit(exit))
      return parseSummary(exit)
    },
    assertArrived(name, aspects) {
      assert.deepEqual(differences(listTree(at(name)), listTree(at('into', name)), aspects), [])
    },
    write(name, content) {
      mkdirSync(dirname(at(name)), { recursive: true })
      writeFileSync(at(name), content)
    },
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/**
 * A proxy, and the arguments that make a share listen behind it and name it in its ticket; so all that a receiver gets
 * crosses the proxy.
 */
export async function startProxiedPort(): Promise<TcpProxy & { readonly shareArgs: readonly string[] }> {
  const port = await freePort()
  const proxy = await startTcpProxy(port)
  const address = (number: number): string => `/ip4/127.0.0.1/tcp/${number}`
  return Object.defineProperties(proxy, {
    shareArgs: { value: ['--listen', address(port), '--announce', address(proxy.port)] },
  }) as TcpProxy & { readonly shareArgs: readonly string[] }
}

/** Bytes that a file takes up on disk. */
export function bytesOnDisk(path: string): number {
  return statSync(path).blocks * 512
}

/** Sum of the sizes of all files below a folder. */
export function folderBytes(folder: string): number {
  return [...listTree(folder).values()].reduce((sum, listed) => sum + listed.size, 0)
}
