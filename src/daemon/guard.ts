/**
 * Who may ask at all. A page of another origin in the user's browser can reach this port, so: the host must be ours by
 * name (DNS rebinding), a foreign origin is refused, what changes something is a POST or DELETE of JSON with the token in
 * a header (no form and no image can send that), and nothing is answered with a CORS header.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { HttpError } from './api/problem.ts'

const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

/** On every answer, also of a refusal. */
export const withSecurityHeaders: MiddlewareHandler = async (context, next) => {
  await next()
  for (const [name, value] of Object.entries(securityHeaders)) context.res.headers.set(name, value)
}

/** `isHost`: whether a Host header names us. */
export function createHostGuard(isHost: (host: string) => boolean): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? ''
    if (!isHost(host))
      throw new HttpError(421, 'E_REFUSED', 'Cannot answer: the Host header names another host')
    const origin = context.req.header('origin')
    if (origin !== undefined && origin !== `http://${host}`)
      throw new HttpError(403, 'E_REFUSED', 'Cannot answer: the request comes from another origin')
    await next()
  }
}

/** The hosts by which a TCP port of this computer is reached: exact, with the port. */
export function hostsOfPort(port: number): (host: string) => boolean {
  const hosts = new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`))
  return (host) => hosts.has(host.toLowerCase())
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export function createTokenGuard(token: string): MiddlewareHandler {
  const wanted = digest(`Bearer ${token}`)
  return async (context, next) => {
    if (['token', 'access_token'].some((name) => context.req.query(name) !== undefined))
      throw new HttpError(
        400,
        'E_USAGE',
        'Cannot take a token from the address: addresses are logged',
        'send the header "Authorization: Bearer TOKEN"',
      )
    // Digests are of one length, so that the time tells nothing of the token.
    if (!timingSafeEqual(digest(context.req.header('authorization') ?? ''), wanted))
      throw new HttpError(
        401,
        'E_PERMISSION',
        'Cannot answer: the token is missing or wrong',
        'the token is in the file that "ferry daemon status" names',
      )
    await next()
  }
}

/** What changes something says that it is JSON, which no form of another page can. */
export const requireJson: MiddlewareHandler = async (context, next) => {
  const type = context.req.header('content-type') ?? ''
  if (context.req.method === 'POST' && !/^application\/json\s*(;|$)/i.test(type))
    throw new HttpError(
      415,
      'E_USAGE',
      'Cannot read the request: it is not JSON',
      'send Content-Type: application/json',
    )
  await next()
}

/** The router would answer it as a GET whose body nobody reads: a stream would stay open for ever. */
export const refuseHead: MiddlewareHandler = async (context, next) => {
  if (context.req.method === 'HEAD')
    throw new HttpError(405, 'E_USAGE', 'Cannot answer HEAD: this address takes none', 'send GET')
  await next()
}
