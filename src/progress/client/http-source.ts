/**
 * The HTTP way to a feed: server-sent events, and a plain request for polling. `fetch` and not EventSource, which sends no
 * token and gives up for good after one refusal.
 */
import { createParser } from 'eventsource-parser'
import type { FeedSource } from './live-feed.ts'

export interface HttpSourceOptions<Event> {
  /** Absolute, or as the page's own. */
  readonly streamUrl: string
  readonly pollUrl: string
  readonly token?: string | undefined
  readonly fetch?: typeof globalThis.fetch
  /** @throws when it is not an event: a stream of such is broken */
  readonly parse: (text: string) => Event
}

/** What a server said instead of an answer. `permanent`: it will say the same again. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal'
  readonly status: number
  readonly permanent: boolean

  constructor(status: number, message: string) {
    super(message)
    this.status = status
    // Too early, too many, and what a server has when it is about to be back, pass.
    this.permanent = status >= 400 && status < 500 && ![408, 425, 429].includes(status)
  }
}

/** Nothing for so long, not even a heartbeat (15 s): the link is dead. */
export const silenceMs = 45_000

/** An event is a picture of some jobs; what is longer is no event of ferry. */
const maxEventChars: number = 16 * 1024 * 1024

export function createHttpSource<Event>(options: HttpSourceOptions<Event>): FeedSource<Event> {
  const { streamUrl, pollUrl, token, fetch = globalThis.fetch, parse } = options
  const headers = (accept: string): Record<string, string> => ({
    accept,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  })
  let lastEventId = ''

  return {
    async stream({ onOpen, onEvent }, signal) {
      const silence = new AbortController()
      let timer: ReturnType<typeof setTimeout> | undefined
      const heard = (): void => {
        clearTimeout(timer)
        timer = setTimeout(() => silence.abort(new Error('Nothing was heard of the server')), silenceMs)
      }
      heard()
      try {
        const response = await fetch(streamUrl, {
          headers: { ...headers('text/event-stream'), ...(lastEventId && { 'last-event-id': lastEventId }) },
          cache: 'no-store',
          signal: AbortSignal.any([signal, silence.signal]),
        })
        if (!response.ok || !response.body) throw await refusalOf(response)
        onOpen()
        const parser = createParser({
          maxBufferSize: maxEventChars,
          onEvent({ id, data }) {
            if (id !== undefined) lastEventId = id
            onEvent(parse(data))
          },
          onError(error) {
            // Fields that are not known are passed over, as everyone does.
            if (error.type === 'max-buffer-size-exceeded') throw error
          },
        })
        const decoder = new TextDecoder()
        const reader = response.body.getReader()
        for (;;) {
          const { done, value } = await reader.read()
          if (done) return
          heard()
          parser.feed(decoder.decode(value as Uint8Array, { stream: true }))
        }
      } finally {
        clearTimeout(timer)
        silence.abort()
      }
    },
    async poll(signal) {
      const response = await fetch(pollUrl, {
        headers: headers('application/json'),
        cache: 'no-store',
        signal: AbortSignal.any([signal, AbortSignal.timeout(silenceMs)]),
      })
      if (!response.ok) throw await refusalOf(response)
      return parse(await response.text())
    },
  }
}

/** The server's own words, when it says them as RFC 9457 asks. */
async function refusalOf(response: Response): Promise<HttpRefusal> {
  const fallback = `The server answered ${response.status}`
  try {
    const { detail } = (await response.json()) as { readonly detail?: unknown }
    return new HttpRefusal(response.status, typeof detail === 'string' ? detail : fallback)
  } catch {
    return new HttpRefusal(response.status, fallback)
  }
}
