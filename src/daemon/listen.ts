/** Puts an HTTP server on 127.0.0.1 or on a Unix socket that only its user can open, and explains what is in the way. */
import { chmodSync, lstatSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { makePrivateDirectory } from '../shared/directories.ts'
import { FerryError, isSystemError, toFerryError } from '../shared/errors.ts'
import type { DaemonAddress } from './runtime-files.ts'

/** The port that people and pages remember. */
export const defaultPort = 7877

/**
 * Port 0 is any free one. Resolves to the address that it got.
 * @throws E_CONFLICT when something else is there, E_PERMISSION when it is another user's
 */
export async function listen(server: Server, address: DaemonAddress): Promise<DaemonAddress> {
  if ('socketPath' in address) {
    await clearSocket(address.socketPath)
    // The socket is made with the mode that the mask leaves: there is no moment in which others could open it.
    const mask = process.umask(0o177)
    try {
      await start(server, () => server.listen(address.socketPath), `the socket "${address.socketPath}"`)
    } finally {
      process.umask(mask)
    }
    chmodSync(address.socketPath, 0o600)
    return address
  }
  const { port } = address
  await start(server, () => server.listen({ host: '127.0.0.1', port, exclusive: true }), `port ${port}`)
  return { port: (server.address() as AddressInfo).port }
}

function start(server: Server, begin: () => void, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: unknown): void => {
      server.off('listening', onListening)
      reject(explain(error, what))
    }
    const onListening = (): void => {
      server.off('error', onError)
      resolve()
    }
    server.once('error', onError)
    server.once('listening', onListening)
    begin()
  })
}

function explain(error: unknown, what: string): FerryError {
  if (isSystemError(error) && error.code === 'EADDRINUSE')
    return new FerryError('E_CONFLICT', `Cannot listen on ${what}: another program does`, {
      cause: error,
      hint: 'choose another with --port, or 0 for any free one',
    })
  if (isSystemError(error) && error.code === 'EINVAL')
    return new FerryError('E_USAGE', `Cannot listen on ${what}: its path is too long for a socket`)
  return toFerryError(error, `Cannot listen on ${what}`)
}

/** Removes the socket of a daemon that is gone. @throws E_CONFLICT when it is alive, or no socket; E_PERMISSION */
async function clearSocket(path: string): Promise<void> {
  makePrivateDirectory(dirname(path))
  let stat
  try {
    stat = lstatSync(path)
  } catch {
    return
  }
  if (process.getuid !== undefined && stat.uid !== process.getuid())
    throw new FerryError('E_PERMISSION', `Cannot listen on "${path}": it belongs to another user`, {
      hint: 'choose another place with --socket',
    })
  if (!stat.isSocket())
    throw new FerryError('E_CONFLICT', `Cannot listen on "${path}": something else is there`, {
      hint: 'choose another place with --socket',
    })
  if (await answers(path))
    throw new FerryError('E_CONFLICT', `Cannot listen on "${path}": another program does`, {
      hint: 'see it with: ferry daemon status',
    })
  rmSync(path, { force: true })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
