/**
 * Ctrl-C and the other ways to be told to stop. The first asks gently: the job saves its state and ends. A second Ctrl-C
 * within three seconds ends the process at once; nothing is lost by that either, it only costs the work of a moment.
 */
import { exitCodes } from './exit-codes.ts'

export interface Interrupts extends Disposable {
  /** Set once something asked to stop. */
  readonly exitCode: number | undefined
  /** As if Ctrl-C had been pressed (a key in raw mode). */
  interrupt(): void
}

const hardWithinMs = 3000
const signals = {
  SIGINT: exitCodes.interrupted,
  SIGTERM: exitCodes.terminated,
  SIGHUP: exitCodes.hangup,
} as const

export function watchInterrupts(
  onStop: (exitCode: number) => void,
  exit: (code: number) => void = (code) => process.exit(code),
  now: () => number = () => performance.now(),
): Interrupts {
  let exitCode: number | undefined
  let lastMs = -Infinity
  const stop = (code: number): void => {
    const atMs = now()
    if (atMs - lastMs < hardWithinMs) exit(code)
    lastMs = atMs
    exitCode ??= code
    onStop(code)
  }
  const handlers = Object.entries(signals).map(([signal, code]) => {
    const handler = (): void => stop(code)
    process.on(signal, handler)
    return { signal, handler }
  })
  return {
    get exitCode(): number | undefined {
      return exitCode
    },
    interrupt: () => stop(exitCodes.interrupted),
    [Symbol.dispose](): void {
      for (const { signal, handler } of handlers) process.off(signal, handler)
    },
  }
}
