/** From key presses to commands. Pure: a table a screen, and the same keys everywhere for moving and leaving. */
import type { Move } from './window.ts'

export const screenNames = ['transfers', 'shares', 'peers', 'syncs', 'log', 'remotes'] as const
export type ScreenName = (typeof screenNames)[number]

export type Command =
  | { readonly do: 'screen'; readonly screen: ScreenName }
  | { readonly do: 'next-screen' | 'previous-screen' }
  | { readonly do: 'move'; readonly move: Move }
  | { readonly do: 'limit'; readonly up: boolean }
  | { readonly do: SimpleCommand }

export type SimpleCommand =
  | 'details'
  | 'back'
  | 'filter'
  | 'mark'
  | 'sort'
  | 'reverse'
  | 'pause'
  | 'cancel'
  | 'retry'
  | 'add-share'
  | 'receive'
  | 'new-sync'
  | 'copy-ticket'
  | 'copy-command'
  | 'qr'
  | 'open'
  | 'failed-only'
  | 'stop-share'
  | 'ascii'
  | 'help'
  | 'quit'
  | 'interrupt'
  | 'suspend'
  | 'redraw'

const everywhere: Readonly<Record<string, Command>> = {
  '1': { do: 'screen', screen: 'transfers' },
  '2': { do: 'screen', screen: 'shares' },
  '3': { do: 'screen', screen: 'peers' },
  '4': { do: 'screen', screen: 'syncs' },
  '5': { do: 'screen', screen: 'log' },
  '6': { do: 'screen', screen: 'remotes' },
  tab: { do: 'next-screen' },
  'shift-tab': { do: 'previous-screen' },
  up: { do: 'move', move: 'up' },
  k: { do: 'move', move: 'up' },
  down: { do: 'move', move: 'down' },
  j: { do: 'move', move: 'down' },
  'page-up': { do: 'move', move: 'page-up' },
  'page-down': { do: 'move', move: 'page-down' },
  g: { do: 'move', move: 'first' },
  home: { do: 'move', move: 'first' },
  G: { do: 'move', move: 'last' },
  end: { do: 'move', move: 'last' },
  escape: { do: 'back' },
  '/': { do: 'filter' },
  a: { do: 'add-share' },
  n: { do: 'receive' },
  S: { do: 'new-sync' },
  t: { do: 'ascii' },
  '?': { do: 'help' },
  q: { do: 'quit' },
  'ctrl-c': { do: 'interrupt' },
  'ctrl-z': { do: 'suspend' },
  'ctrl-l': { do: 'redraw' },
}

const onJobs: Readonly<Record<string, Command>> = {
  enter: { do: 'details' },
  ' ': { do: 'mark' },
  p: { do: 'pause' },
  x: { do: 'cancel' },
  r: { do: 'retry' },
  o: { do: 'open' },
  '+': { do: 'limit', up: true },
  '=': { do: 'limit', up: true },
  '-': { do: 'limit', up: false },
}

const onTickets: Readonly<Record<string, Command>> = {
  y: { do: 'copy-ticket' },
  Y: { do: 'copy-command' },
  c: { do: 'qr' },
}

const perScreen: Record<ScreenName, Readonly<Record<string, Command>>> = {
  // Reverse is R, since S sets up a sync.
  transfers: { ...onJobs, ...onTickets, s: { do: 'sort' }, R: { do: 'reverse' }, e: { do: 'failed-only' } },
  shares: { ...onJobs, ...onTickets, d: { do: 'stop-share' } },
  peers: {},
  syncs: onJobs,
  log: {},
  remotes: {},
}

/** Undefined for a key that does nothing here. */
export function commandOf(screen: ScreenName, key: string): Command | undefined {
  return perScreen[screen][key] ?? everywhere[key]
}

/** What Ink tells of a key. */
export interface InkKey {
  readonly upArrow: boolean
  readonly downArrow: boolean
  readonly leftArrow: boolean
  readonly rightArrow: boolean
  readonly pageDown: boolean
  readonly pageUp: boolean
  readonly home: boolean
  readonly end: boolean
  readonly return: boolean
  readonly escape: boolean
  readonly ctrl: boolean
  readonly shift: boolean
  readonly tab: boolean
  readonly backspace: boolean
  readonly delete: boolean
  readonly meta: boolean
}

const named: readonly (readonly [keyof InkKey, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'page-up'],
  ['pageDown', 'page-down'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
]

/** Names of the keys in one input: several characters that were typed fast come together. */
export function keysOf(input: string, key: InkKey): string[] {
  if (key.tab) return [key.shift ? 'shift-tab' : 'tab']
  const name = named.find(([field]) => key[field])
  if (name) return [name[1]]
  if (key.ctrl) return input === '' ? [] : [`ctrl-${input}`]
  if (key.meta) return []
  return Array.from(input, (character) => (character === '\r' || character === '\n' ? 'enter' : character))
}
