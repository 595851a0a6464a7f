/** Peers and their addresses in the short form that people tell apart. */
import { escapeText } from './terminal-text.ts'

/** `12D3…k9Qe`. */
export function shortPeer(peer: string): string {
  const text = escapeText(peer)
  return text.length <= 12 ? text : `${text.slice(0, 4)}…${text.slice(-4)}`
}

/** `/ip4/84.2.10.7/tcp/4001/p2p/12D3…` becomes `84.2.10.7:4001`; anything else stays as it is, escaped. */
export function shortAddress(address: string): string {
  const match = /^\/(ip4|ip6|dns[46]?)\/([^/]+)\/tcp\/(\d+)/.exec(address)
  if (!match) return escapeText(address)
  const [, kind, host = '', port = ''] = match
  return escapeText(kind === 'ip6' ? `[${host}]:${port}` : `${host}:${port}`)
}
