/**
 * One SSH connection: through jump hosts where the settings want that, to a server whose key is known, logged in. It
 * is whole when the promise resolves; whatever fails on the way closes all of it.
 */
import type { Duplex } from 'node:stream'
import type { Client, ConnectConfig } from 'ssh2'
import { cancelled } from '../../../shared/concurrency.ts'
import { FerryError } from '../../../shared/errors.ts'
import { escapeText } from '../../../shared/terminal-text.ts'
import { createLogin } from './authenticate.ts'
import { createCredentials, type Ask, type Credentials } from './credentials.ts'
import { speedUpPackets } from './fast-packets.ts'
import { createHostKeyCheck, type HostKeyCheck } from './host-key-check.ts'
import { maxJumps } from './limits.ts'
import { resolveSshSettings, type JumpHost, type SshSettings } from './ssh-settings.ts'
import { ssh2 } from './ssh-library.ts'

export interface ConnectContext {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly warn: (message: string) => void
  readonly ask?: Ask | undefined
}

/** Dials the same host again and again; keys and passwords are asked for once. */
export interface Dialler {
  readonly settings: SshSettings
  /** @throws E_UNREACHABLE (retryable where another try may help), E_REFUSED */
  connect(signal: AbortSignal | undefined): Promise<Client>
}

/** @throws E_USAGE when the settings, or those of a jump host, cannot be used */
export function createDialler(settings: SshSettings, context: ConnectContext): Dialler {
  return dialler(settings, settings.jumps, context, 0)
}

function dialler(
  settings: SshSettings,
  jumps: readonly JumpHost[],
  context: ConnectContext,
  depth: number,
): Dialler {
  if (depth > maxJumps)
    throw new FerryError('E_USAGE', `Cannot connect to "${settings.alias}": its jump hosts go in a circle`)
  const check = createHostKeyCheck(settings, context)
  const credentials = createCredentials(settings, context.env)
  const last = jumps.at(-1)
  let via: Dialler | undefined
  if (last !== undefined) {
    const hop = resolveSshSettings(last, context.env)
    via = dialler(hop, jumps.length > 1 ? jumps.slice(0, -1) : hop.jumps, context, depth + 1)
  }
  const parts = { settings, check, credentials, ask: context.ask }
  return {
    settings,
    async connect(signal) {
      if (via === undefined) return logIn(parts, undefined, signal)
      const jump = await via.connect(signal)
      try {
        const client = await logIn(parts, await forward(jump, via.settings, settings), signal)
        client.once('close', () => jump.end())
        return client
      } catch (error) {
        jump.end()
        throw error
      }
    },
  }
}

function forward(jump: Client, by: SshSettings, to: SshSettings): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    jump.forwardOut('127.0.0.1', 0, to.host, to.port, (error, stream) => {
      if (!error) return resolve(stream)
      const reason = escapeText(error.message.replace(/^\(SSH\) /, ''))
      reject(
        new FerryError('E_UNREACHABLE', `Cannot reach "${to.alias}" through "${by.alias}": ${reason}`, {
          cause: error,
        }),
      )
    })
  })
}

interface LoginParts {
  readonly settings: SshSettings
  readonly check: HostKeyCheck
  readonly credentials: Credentials
  readonly ask: Ask | undefined
}

function logIn(
  parts: LoginParts,
  through: Duplex | undefined,
  signal: AbortSignal | undefined,
): Promise<Client> {
  const { settings, check, credentials } = parts
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    let settled = false
    let refusal: unknown
    const arm = (): void => {
      clearTimeout(timer)
      if (!settled) timer = setTimeout(onTimeout, settings.connectTimeoutMs)
    }
    const finish = (error?: unknown): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      if (error === undefined) return resolve(client)
      client.destroy()
      reject(error)
    }
    const cannot = `Cannot connect to "${settings.alias}"`
    const onTimeout = (): void => {
      const seconds = Math.round(settings.connectTimeoutMs / 1000)
      finish(
        new FerryError('E_UNREACHABLE', `${cannot}: no answer for ${seconds} s from ${placeOf(settings)}`, {
          retryable: true,
        }),
      )
    }
    const onAbort = (): void => finish(cancelled(signal as AbortSignal))
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })

    const { ask } = parts
    // What a person takes to answer is not the server's silence.
    const patientAsk: Ask | undefined =
      ask === undefined
        ? undefined
        : async (question, hidden) => {
            clearTimeout(timer)
            try {
              return await ask(question, hidden)
            } finally {
              arm()
            }
          }
    const login = createLogin(settings, credentials, patientAsk)
    const verify = async (key: Buffer): Promise<boolean> => {
      clearTimeout(timer)
      try {
        await check.verify(key)
        return true
      } catch (error) {
        refusal = error
        return false
      } finally {
        arm()
      }
    }
    const config: ConnectConfig = {
      host: settings.host,
      port: settings.port,
      username: settings.user,
      readyTimeout: 0,
      keepaliveInterval: settings.keepAliveMs,
      keepaliveCountMax: settings.keepAliveCount,
      algorithms: {
        serverHostKey: [...check.algorithms] as never,
        // AES-GCM goes twice as fast as ChaCha20 here.
        cipher: { prepend: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'], append: [], remove: [] },
      },
      hostVerifier: (key: Buffer, done: (trusted: boolean) => void) => {
        const answer = async (): Promise<void> => done(await verify(key))
        void answer()
      },
      authHandler: login.handler,
      ...(through === undefined ? {} : { sock: through }),
    }
    client.on('connect', () => client.setNoDelay(true))
    speedUpPackets(client)
    client.on('ready', () => finish())
    client.on('error', (error: Error & { level?: string }) => {
      if (refusal !== undefined) return finish(refusal)
      // A key that cannot sign is passed over; the login goes on with the next one.
      if (error.level === 'agent') return
      if (error.level === 'client-authentication' && !error.message.startsWith('All configured')) return
      finish(connectError(error, settings, () => loginError(login, credentials, settings)))
    })
    client.on('close', () => {
      finish(
        refusal ??
          new FerryError('E_UNREACHABLE', `${cannot}: ${placeOf(settings)} closed the connection`, {
            retryable: true,
          }),
      )
    })
    arm()
    client.connect(config)
  })
}

function placeOf(settings: SshSettings): string {
  return `${settings.host} port ${settings.port}`
}

function loginError(
  login: ReturnType<typeof createLogin>,
  credentials: Credentials,
  settings: SshSettings,
): unknown {
  if (login.failure !== undefined) return login.failure
  const tried = login.tried.length > 0 ? `Tried: ${login.tried.join(', ')}` : 'There was nothing to try'
  const remarks = credentials.remarks.length > 0 ? `; ${credentials.remarks.join('; ')}` : ''
  const offered =
    login.offered.length > 0 ? `. The server takes: ${login.offered.map(escapeText).join(', ')}` : ''
  return new FerryError(
    'E_REFUSED',
    `Cannot log in to "${settings.alias}" as "${settings.user}". ${tried}${remarks}${offered}`,
    { hint: 'check the user and key, or add the key to the agent: ssh-add FILE' },
  )
}

const socketReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name cannot be looked up now',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network to it',
  ECONNRESET: 'the connection was reset',
}

function connectError(
  error: Error & { level?: string; code?: unknown },
  settings: SshSettings,
  loginFailed: () => unknown,
): unknown {
  const cannot = `Cannot connect to "${settings.alias}"`
  if (error.level === 'client-authentication') return loginFailed()
  if (/too many authentication failures/i.test(error.message))
    return new FerryError(
      'E_REFUSED',
      `Cannot log in to "${settings.alias}": the server allows no more tries`,
      {
        cause: error,
        hint: 'name one key, with IdentitiesOnly yes in ~/.ssh/config',
      },
    )
  if (error.level === 'client-socket') {
    const code = String(error.code)
    const reason = socketReasons[code] ?? code
    return new FerryError('E_UNREACHABLE', `${cannot} at ${placeOf(settings)}: ${reason}`, {
      cause: error,
      retryable: code !== 'ENOTFOUND' && code !== 'ECONNREFUSED',
      hint: code === 'ENOTFOUND' ? 'check the name for a slip; your own remotes: ferry remote ls' : undefined,
    })
  }
  const reason = escapeText(error.message.slice(0, 300))
  return new FerryError('E_UNREACHABLE', `${cannot}: ${reason}`, {
    cause: error,
    // A handshake that found nothing in common finds nothing the next time.
    retryable: error.level !== 'handshake',
  })
}
