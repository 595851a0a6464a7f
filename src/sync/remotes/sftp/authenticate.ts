/**
 * Logs in with what the user has, in an order that needs few tries and few questions: servers hang up after six. Keys
 * of the agent that belong to identity files, these files, the agent's other keys, files with a passphrase, then
 * passwords. A method that the server does not offer is passed over.
 */
import type {
  AnyAuthMethod,
  AuthHandlerMiddleware,
  IdentityCallback,
  ParsedKey,
  SignCallback,
  SigningRequestOptions,
} from 'ssh2'
import { escapeText } from '../../../shared/terminal-text.ts'
import type { Ask, Credentials } from './credentials.ts'
import { maxPasswordTries } from './limits.ts'
import type { SshSettings } from './ssh-settings.ts'
import { ssh2 } from './ssh-library.ts'

export interface Login {
  readonly handler: AuthHandlerMiddleware
  /** What was tried, for the error. */
  readonly tried: readonly string[]
  /** What the server would take, as it said last. */
  readonly offered: readonly string[]
  /** A question could not be answered: the login is over. */
  readonly failure: unknown
}

/** One key of an agent, as an agent: so each is one try, in the order that is wanted. */
class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #agent: ssh2.BaseAgent
  readonly #key: ParsedKey
  constructor(agent: ssh2.BaseAgent, key: ParsedKey) {
    super()
    this.#agent = agent
    this.#key = key
  }
  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    done(undefined, [this.#key])
  }
  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options)
    else this.#agent.sign(key, data, options, done)
  }
}

/** For one connection; `credentials` outlive it. */
export function createLogin(settings: SshSettings, credentials: Credentials, ask: Ask | undefined): Login {
  const tried: string[] = []
  let offered: readonly string[] = []
  let failure: unknown
  const username = settings.user
  const allows = (method: string): boolean => offered.includes(method)

  async function* publicKeys(): AsyncGenerator<AnyAuthMethod> {
    const fromAgent = await credentials.agentKeys()
    const own = new Set(settings.identityFiles.map((file) => credentials.publicKey(file)?.toString('base64')))
    const idOf = (key: ParsedKey): string => key.getPublicSSH().toString('base64')
    const shown = new Set<string>()
    const { agent } = credentials
    const offer = (key: ParsedKey): AnyAuthMethod | undefined => {
      if (agent === undefined || shown.has(idOf(key))) return undefined
      shown.add(idOf(key))
      tried.push(`key "${escapeText(key.comment || key.type)}" of the agent`)
      return { type: 'agent', username, agent: new OneKeyAgent(agent, key) }
    }
    const fromFiles = async function* (locked: boolean): AsyncGenerator<AnyAuthMethod> {
      for (const file of settings.identityFiles) {
        const known = credentials.publicKey(file)?.toString('base64')
        if (known !== undefined && shown.has(known)) continue
        if (credentials.isLocked(file) !== locked) continue
        const key = await credentials.fileKey(file, ask)
        if (key === undefined || shown.has(idOf(key))) continue
        shown.add(idOf(key))
        tried.push(`key ${file}`)
        yield { type: 'publickey', username, key }
      }
    }
    for (const key of fromAgent.filter((item) => own.has(idOf(item)))) {
      const method = offer(key)
      if (method) yield method
    }
    yield* fromFiles(false)
    for (const key of fromAgent) {
      const method = offer(key)
      if (method) yield method
    }
    yield* fromFiles(true)
  }

  async function* passwords(): AsyncGenerator<AnyAuthMethod> {
    if (allows('keyboard-interactive')) {
      for (let tries = 0; tries < maxPasswordTries && allows('keyboard-interactive'); tries++) {
        // The environment's password is worth one try, a person's answers three.
        if (ask === undefined && (tries > 0 || (await credentials.password(undefined, 0)) === undefined))
          break
        tried.push('keyboard-interactive')
        yield { type: 'keyboard-interactive', username, prompt: answerPrompts(tries) }
      }
    }
    for (let tries = 0; allows('password'); tries++) {
      const password = await credentials.password(ask, tries)
      if (password === undefined) return
      tried.push('password')
      yield { type: 'password', username, password }
    }
  }

  type Prompt = Extract<AnyAuthMethod, { type: 'keyboard-interactive' }>['prompt']
  const answerPrompts =
    (tries: number): Prompt =>
    (_name, _instructions, _language, prompts, finish) => {
      const answer = async (): Promise<string[]> => {
        const answers: string[] = []
        for (const { prompt, echo } of prompts) {
          const isPassword = echo !== true && /password/i.test(prompt)
          if (isPassword) answers.push((await credentials.password(ask, tries)) ?? '')
          else if (ask === undefined) answers.push('')
          else answers.push(await ask(`(${escapeText(settings.alias)}) ${escapeText(prompt)}`, echo !== true))
        }
        return answers
      }
      answer().then(finish, (error: unknown) => {
        failure = error
        finish([])
      })
    }

  async function* attempts(): AsyncGenerator<AnyAuthMethod> {
    yield { type: 'none', username }
    if (allows('publickey')) yield* publicKeys()
    yield* passwords()
    // A server that wants two methods tells the second one when the first was accepted.
    if (allows('publickey')) yield* publicKeys()
  }

  const sequence = attempts()
  return {
    tried,
    get offered() {
      return offered
    },
    get failure() {
      return failure
    },
    handler(methodsLeft, _partial, next) {
      // The library gives null before the server has told anything.
      offered = methodsLeft ?? []
      const proceed = async (): Promise<void> => {
        try {
          const result = failure === undefined ? await sequence.next() : undefined
          if (result && result.done !== true) return next(result.value)
        } catch (error) {
          failure = error
        }
        // The library takes false for the end; its types do not say so.
        next(false as never)
      }
      void proceed()
    },
  }
}
