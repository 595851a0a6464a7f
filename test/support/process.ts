/**
 * A child process under test: its output so far, waiting for a line, its end, its peak memory, and the right to kill
 * it. Nothing here knows ferry.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Writable } from 'node:stream'

export interface Exit {
  /** Exit code, or undefined after a signal. */
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
  readonly stdout: string
  readonly stderr: string
  readonly seconds: number
  /** Largest resident set that was seen, in bytes; it is read every 20 ms, so the last growth may be missed. */
  readonly peakRssBytes: number
  /** Processor time of all its threads, user and system, as it was last seen; it is read with the memory. */
  readonly cpuSeconds: number
}

export interface RunningProcess extends AsyncDisposable {
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: string
  readonly stderr: string
  readonly peakRssBytes: number
  readonly cpuSeconds: number
  /** Resolves at the end of the process, whatever it was; never rejects. */
  readonly exit: Promise<Exit>
  /**
   * The first match in everything the process has written or will write to either stream. Rejects, with all output,
   * when the process ends without one.
   */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
  /** Waits for something else; rejects, with all output, when the process ends before it. */
  meanwhile(event: Promise<void>): Promise<void>
  /** Sends a signal; true when the process was still there. */
  kill(signal?: NodeJS.Signals): boolean
}

export interface ProcessOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Written to standard input, which is then closed; undefined is empty input, null leaves it open for the test. */
  readonly input?: string | Uint8Array | null
  /** Keeps standard output as bytes for `onStdout` and not as text. */
  readonly onStdout?: (bytes: Buffer) => void
}

const sampleMs = 20

/** Processes that must not outlive the test, even one that ends in the middle. */
const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** Starts `command`; the process is killed when the returned value is disposed of. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): RunningProcess {
  const started = performance.now()
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: 'pipe' })
  alive.add(child)
  let stdout = ''
  let stderr = ''
  let peakRssBytes = 0
  let cpuSeconds = 0
  let ended: Exit | undefined
  const listeners = new Set<() => void>()
  const notify = (): void => {
    for (const listener of listeners) listener()
  }

  child.stdin.on('error', () => {}) // The process may end before it has read its input.
  if (options.input !== null) child.stdin.end(options.input ?? '')
  if (options.onStdout) child.stdout.on('data', options.onStdout)
  else
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      notify()
    })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    notify()
  })
  const sample = (): void => {
    if (ended) return
    peakRssBytes = Math.max(peakRssBytes, readPeakRss(child.pid))
    cpuSeconds = Math.max(cpuSeconds, readCpuSeconds(child.pid))
  }
  const sampler = setInterval(sample, sampleMs)

  const exit = new Promise<Exit>((resolve) => {
    const finish = (code: number | undefined, signal: NodeJS.Signals | undefined): void => {
      clearInterval(sampler)
      alive.delete(child)
      const seconds = (performance.now() - started) / 1000
      ended = { code, signal, stdout, stderr, seconds, peakRssBytes, cpuSeconds }
      resolve(ended)
      notify()
    }
    child.on('error', (error) => {
      stderr += error.message
      finish(127, undefined)
    })
    child.on('close', (code, signal) => finish(code ?? undefined, signal ?? undefined))
  })

  const running: RunningProcess = {
    pid: child.pid ?? -1,
    stdin: child.stdin,
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
    get peakRssBytes() {
      sample()
      return peakRssBytes
    },
    get cpuSeconds() {
      sample()
      return cpuSeconds
    },
    exit,
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout) ?? pattern.exec(stderr)
          if (match) resolve(match)
          else if (ended) reject(new Error(`${String(pattern)} never came\n${describeExit(ended)}`))
          else return
          listeners.delete(look)
        }
        listeners.add(look)
        look()
      }),
    meanwhile: async (event) => {
      const early = await Promise.race([event, exit])
      if (early) throw new Error(`the process ended too early: ${describeExit(early)}`)
    },
    kill: (signal = 'SIGKILL') => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exit
    },
  }
  return running
}

/** Runs `command` to its end. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options?: ProcessOptions,
): Promise<Exit> {
  return await startProcess(command, args, options).exit
}

/** A control character other than line feed and tab; text for people that came from a pipe holds none. */
export const controlCharacter: RegExp = /[^\P{Cc}\n\t]/u

/** All that is known of a process that has ended, for messages of failed assertions. */
export function describeExit(exit: Exit): string {
  const end = exit.signal === undefined ? `exit code ${exit.code}` : `signal ${exit.signal}`
  return `${end} after ${exit.seconds.toFixed(1)} s\n--- stdout\n${exit.stdout.slice(-4000)}\n--- stderr\n${exit.stderr.slice(-4000)}`
}

function readPeakRss(pid: number | undefined): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    return Number(match?.[1] ?? 0) * 1024
  } catch {
    return 0 // It has ended, or this is not Linux.
  }
}

/** The kernel counts in ticks, of which Linux shows a hundred a second on every machine. */
const ticksPerSecond = 100

function readCpuSeconds(pid: number | undefined): number {
  try {
    // The name of the command comes first, in parentheses, and may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  } catch {
    return 0
  }
}
