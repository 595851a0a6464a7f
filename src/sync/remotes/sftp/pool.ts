/**
 * The connections to one server. One is enough for one large file; more are opened only under load, because each is a
 * process there and a core's worth of encryption. A connection that is lost is made again, with growing pauses, and the
 * call that it broke under is made once more: callers say what that means for them.
 */
import { retry } from '../../../shared/concurrency.ts'
import { FerryError } from '../../../shared/errors.ts'
import { abortable } from './abortable.ts'
import { isConnectionLost, openChannel, type SftpChannel, type SftpFeatures } from './channel.ts'
import type { Dialler } from './connect.ts'
import { connectionAttempts, loadPerConnection, maxConnections, reconnectBaseMs } from './limits.ts'

export interface SftpPool extends AsyncDisposable {
  /** Of the first connection; the others go to the same server. */
  readonly features: SftpFeatures
  /**
   * Runs `use` on the connection with least to do, and again on another one when that was lost under it. `attempt`
   * counts from 1: what an earlier one has begun may have been done.
   */
  run<Result>(
    use: (channel: SftpChannel, attempt: number) => Promise<Result>,
    options?: PoolRunOptions,
  ): Promise<Result>
  /** Takes a connection for longer; `release` gives it back. */
  take(signal: AbortSignal | undefined): Promise<TakenChannel>
}

export interface PoolRunOptions {
  readonly signal?: AbortSignal | undefined
  /** `use` watches the signal itself, because it has to clean up before it ends. */
  readonly cleansUp?: boolean
}

export interface TakenChannel {
  readonly channel: SftpChannel
  release(): void
}

/** @throws E_UNREACHABLE, E_REFUSED when the first connection cannot be made */
export async function openPool(
  dialler: Dialler,
  signal: AbortSignal,
  warn: (message: string) => void,
): Promise<SftpPool> {
  const channels: SftpChannel[] = []
  const { alias } = dialler.settings
  let opening: Promise<SftpChannel> | undefined
  let most = maxConnections
  let closed = false

  const dial = async (): Promise<SftpChannel> => {
    const client = await dialler.connect(signal)
    try {
      const channel = await openChannel(client, alias)
      if (closed) throw new FerryError('E_CANCELLED', 'Stopped before it was finished')
      channels.push(channel)
      return channel
    } catch (error) {
      client.end()
      throw error
    }
  }
  const open = (): Promise<SftpChannel> => {
    opening ??= dial().finally(() => (opening = undefined))
    return opening
  }
  const openOneMore = (): void => {
    open().catch(() => {
      if (closed || most === channels.length) return
      // The server counts connections: what there is must do.
      most = Math.max(1, channels.length)
      warn(`"${alias}" allows ${most} connections only; the transfer may be slower`)
    })
  }
  const take = async (waitSignal: AbortSignal | undefined): Promise<TakenChannel> => {
    if (closed) throw new FerryError('E_INTERNAL', `Cannot use "${alias}": it is closed already`)
    for (let index = channels.length - 1; index >= 0; index--)
      if (channels[index]?.isLost) channels.splice(index, 1)
    let best: SftpChannel | undefined
    for (const channel of channels) if (best === undefined || channel.users < best.users) best = channel
    if (best === undefined) best = await abortable(open(), waitSignal)
    else if (best.users >= loadPerConnection && channels.length < most && opening === undefined) openOneMore()
    const channel = best
    channel.users++
    let released = false
    return {
      channel,
      release() {
        if (!released) channel.users--
        released = true
      },
    }
  }

  const first = await retry(() => open(), { signal, attempts: 3, baseMs: reconnectBaseMs })
  const { features } = first
  return {
    features,
    take,
    async run(use, options = {}) {
      const taken = options.signal ?? signal
      return await retry(
        async (attempt) => {
          const { channel, release } = await take(taken)
          try {
            return await (options.cleansUp === true
              ? use(channel, attempt)
              : abortable(use(channel, attempt), taken))
          } finally {
            release()
          }
        },
        {
          signal: taken,
          attempts: connectionAttempts,
          baseMs: reconnectBaseMs,
          retryable: (error) => isConnectionLost(error) || isReconnect(error),
        },
      )
    },
    async [Symbol.asyncDispose]() {
      closed = true
      await opening?.catch(() => undefined)
      for (const channel of channels) channel.end()
    },
  }

  /** Making the connection again failed in a way that may pass; what the content says is not ours to retry. */
  function isReconnect(error: unknown): boolean {
    return channels.every((channel) => channel.isLost) && error instanceof FerryError && error.retryable
  }
}
