/** What `/` takes: words that must all be found; `phase:failed` and `peer:12D3` look at one thing only. Pure. */

export interface Filter {
  readonly words: readonly string[]
  readonly phases: readonly string[]
  readonly peers: readonly string[]
  readonly isEmpty: boolean
}

export interface Filtered {
  readonly text: string
  readonly phase: string
  readonly peers?: readonly string[]
}

export const noFilter: Filter = { words: [], phases: [], peers: [], isEmpty: true }

export function parseFilter(text: string): Filter {
  const parts = text
    .toLowerCase()
    .split(/\s+/)
    .filter((part) => part !== '')
  const after = (prefix: string): string[] =>
    parts.filter((part) => part.startsWith(prefix)).map((part) => part.slice(prefix.length))
  const phases = after('phase:')
  const peers = after('peer:')
  const words = parts.filter((part) => !part.startsWith('phase:') && !part.startsWith('peer:'))
  return { words, phases, peers, isEmpty: parts.length === 0 }
}

/** All parts must hold; `phase:` without a word holds for everything, since the user is still typing. */
export function matches(
  { words, phases, peers }: Filter,
  { text, phase, peers: its = [] }: Filtered,
): boolean {
  const name = text.toLowerCase()
  return (
    words.every((word) => name.includes(word)) &&
    phases.every((wanted) => phase.startsWith(wanted)) &&
    peers.every((wanted) => wanted === '' || its.some((peer) => peer.toLowerCase().includes(wanted)))
  )
}
