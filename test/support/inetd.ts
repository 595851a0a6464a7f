/**
 * Starts a command for each connection, with the connection as its standard input and output, as inetd does. So a
 * server that cannot pick a free port itself (sshd, the rsync daemon) gets one without a race. The bytes do not pass
 * through this process.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

export interface Inetd extends AsyncDisposable {
  readonly port: number
  /** What the commands have written to standard error, newest last. */
  readonly errors: string
}

/** Listens on a free port of 127.0.0.1. Commands that still run are stopped on disposal. */
export async function startInetd(command: string, args: readonly string[]): Promise<Inetd> {
  const children = new Set<ChildProcess>()
  let errors = ''
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const child = spawn(command, args, { stdio: [socket, socket, 'pipe'] })
    children.add(child)
    // The child holds the connection now; this copy would keep it open after the child's end.
    socket.destroy()
    child.stderr?.on('data', (text) => (errors = (errors + text).slice(-65_536)))
    child.on('error', (error) => (errors += `${command}: ${error.message}\n`))
    child.on('exit', () => children.delete(child))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get errors() {
      return errors
    },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const child of children) child.kill('SIGKILL')
    },
  }
}
