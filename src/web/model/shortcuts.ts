/** What a key means, the same keys as in the terminal. Pure. */
import type { Screen } from './routes.ts'
import { screens } from './routes.ts'

export type Shortcut =
  | { readonly do: 'screen'; readonly screen: Screen }
  | { readonly do: 'move'; readonly by: number }
  | {
      readonly do:
        | 'receive'
        | 'share'
        | 'sync'
        | 'pause'
        | 'cancel'
        | 'retry'
        | 'copy'
        | 'theme'
        | 'help'
        | 'back'
    }

/** A key press, as far as it matters. */
export interface KeyPress {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
}

const keys: Readonly<Record<string, Shortcut>> = {
  n: { do: 'receive' },
  a: { do: 'share' },
  S: { do: 'sync' },
  p: { do: 'pause' },
  x: { do: 'cancel' },
  r: { do: 'retry' },
  y: { do: 'copy' },
  t: { do: 'theme' },
  '?': { do: 'help' },
  Escape: { do: 'back' },
  j: { do: 'move', by: 1 },
  k: { do: 'move', by: -1 },
  ArrowDown: { do: 'move', by: 1 },
  ArrowUp: { do: 'move', by: -1 },
}

/** Undefined for keys that are the browser's, or mean nothing. */
export function shortcutOf({ key, ctrlKey, metaKey, altKey }: KeyPress): Shortcut | undefined {
  if (ctrlKey || metaKey || altKey) return undefined
  const screen = /^[1-9]$/.test(key) ? screens[Number(key) - 1] : undefined
  return screen === undefined ? keys[key] : { do: 'screen', screen }
}

/** For the list of keys: key and what it does. */
export const shortcutHelp: readonly (readonly [string, string])[] = [
  ['1 – 4', 'transfers, shares, peers, history'],
  ['j k ↑ ↓', 'move in the list'],
  ['Enter', 'details'],
  ['Esc', 'back'],
  ['n', 'receive: paste a ticket'],
  ['a', 'share files or folders'],
  ['S', 'sync two places'],
  ['p', 'pause or resume'],
  ['x', 'stop (asks first)'],
  ['r', 'run again what failed'],
  ['y', 'copy the ticket'],
  ['t', 'light, dark, or as the system'],
  ['?', 'this list'],
]
