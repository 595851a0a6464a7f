/** What the user has done to the screens: where the cursor is, what is open, what is being asked. Plain data. */
import type { JobSpec } from '../../jobs/engine-types.ts'
import type { Board } from './board.ts'
import type { Frame, Tone } from './line.ts'
import type { ScreenName } from './keys.ts'
import type { Prompt } from './prompt.ts'
import type { SortKey } from './transfer-rows.ts'
import type { Cursor } from './window.ts'
import { firstRow } from './window.ts'

/** What a command wants done outside of the screens. */
export type Effect =
  | { readonly do: 'pause' | 'resume' | 'cancel' | 'retry' | 'remove-share'; readonly ids: readonly string[] }
  | { readonly do: 'start'; readonly spec: JobSpec }
  | { readonly do: 'limit'; readonly id: string; readonly bytesPerSecond: number | null }
  | { readonly do: 'copy'; readonly text: string; readonly what: string }
  | { readonly do: 'open'; readonly path: string }
  | { readonly do: 'complete'; readonly text: string }
  | { readonly do: 'quit' | 'quit-now' | 'suspend' | 'redraw' }

export interface Confirm {
  readonly question: string
  readonly effects: readonly Effect[]
}

export interface Notice {
  readonly text: string
  readonly tone: Tone
  /** Milliseconds since 1970. */
  readonly untilMs: number
}

export interface UiState {
  readonly screen: ScreenName
  readonly overlay: 'none' | 'help' | 'qr'
  readonly cursors: Readonly<Record<ScreenName, Cursor>>
  readonly filters: Readonly<Record<ScreenName, string>>
  readonly sort: SortKey
  readonly reverse: boolean
  readonly failedOnly: boolean
  /** Keys of rows. */
  readonly marks: ReadonlySet<string>
  /** Undefined: as the size of the window suggests. */
  readonly detail: boolean | undefined
  readonly isAscii: boolean
  readonly prompt: Prompt | undefined
  readonly confirm: Confirm | undefined
  readonly notice: Notice | undefined
  /** When Ctrl-C was pressed, in milliseconds since 1970. */
  readonly interruptedAtMs: number | undefined
  /** First line of the help that is shown. */
  readonly helpTop: number
}

/** What a command is judged by. */
export interface UiContext {
  readonly board: Board
  readonly frame: Frame
  /** Folders can be shown on this desktop. */
  readonly canOpen: boolean
  /** Where what is received goes unless another folder is said; absolute. */
  readonly folder: string
  /** A path as the user typed it, made absolute. */
  readonly absolute: (path: string) => string
}

const each = <Value>(value: Value): Record<ScreenName, Value> => ({
  transfers: value,
  shares: value,
  peers: value,
  syncs: value,
  log: value,
  remotes: value,
})

export function initialState(isAscii: boolean): UiState {
  return {
    screen: 'transfers',
    overlay: 'none',
    cursors: each(firstRow),
    filters: each(''),
    sort: 'order',
    reverse: false,
    failedOnly: false,
    marks: new Set(),
    detail: undefined,
    isAscii,
    prompt: undefined,
    confirm: undefined,
    notice: undefined,
    interruptedAtMs: undefined,
    helpTop: 0,
  }
}
