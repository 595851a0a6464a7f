// A laboratory of two hosts with a long link between them: two network namespaces, and a program that carries the packets
// (delay-line.c). Needs root; nothing of it is left when it is disposed of, or when this process ends.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from '../../../dist/test/support/process.js'
import { isInstalled } from '../../../dist/test/support/servers.js'

/** What a home router or a switch may hold back; the bandwidth-delay product of 1 Gbit/s and 50 ms is six times as much. */
const queueKib = 1024
const device = 'link0'

/** Why there can be no laboratory here, or undefined. */
export function labSkipReason() {
  if (process.getuid?.() !== 0) return 'only root can make network namespaces'
  const missing = ['ip', 'cc'].filter((command) => !isInstalled(command))
  if (missing.length > 0) return `${missing.join(', ')} not installed`
  if (spawnSync('unshare', ['--net', 'test', '-c', '/dev/net/tun'], { stdio: 'ignore' }).status !== 0)
    return 'there is no /dev/net/tun, or no right to make network namespaces'
  return undefined
}

/** Compiles the link into a folder that goes with this process. @returns the path of the program. */
export function compileLink() {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-lab-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const program = join(folder, 'delay-line')
  execFileSync('cc', ['-O2', '-Wall', '-o', program, join(import.meta.dirname, 'delay-line.c')])
  return program
}

/**
 * Two hosts: `address` is where the other one reaches it, `through` the command that runs another one there. `roundTripMs`
 * is without the time in queues; the rate and the loss hold in each direction.
 */
export async function openLab(program, { roundTripMs, megabits, lossPercent }) {
  const hosts = ['a', 'b'].map((letter, index) => {
    const name = `ferry-${process.pid}-${letter}`
    return {
      name,
      address: `10.77.0.${index + 1}`,
      peer: `10.77.0.${2 - index}`,
      through: ['ip', 'netns', 'exec', name],
    }
  })
  let link
  const remove = () => {
    link?.kill()
    for (const { name } of hosts) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' })
  }
  process.on('exit', remove)
  try {
    for (const { name } of hosts) execFileSync('ip', ['netns', 'add', name])
    const numbers = [roundTripMs / 2, megabits, lossPercent, queueKib].map(String)
    link = startProcess(program, [...hosts.flatMap(({ name }) => [name, device]), ...numbers])
    await link.waitFor(/ready/)
    for (const { name, address, peer } of hosts) {
      const ip = (...args) => execFileSync('ip', ['-n', name, ...args])
      ip('link', 'set', 'lo', 'up')
      ip('address', 'add', address, 'peer', peer, 'dev', device)
      // The queue in which packets may wait or be lost is the link's, not this one.
      ip('link', 'set', device, 'mtu', '1500', 'txqueuelen', '10000', 'up')
    }
  } catch (error) {
    remove()
    throw error
  }
  return {
    hosts,
    async [Symbol.asyncDispose]() {
      process.off('exit', remove)
      await link[Symbol.asyncDispose]()
      remove()
    },
  }
}
