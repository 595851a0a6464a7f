/**
 * Holds the state of the screens and makes frames of it. React asks it for the present frame and is told when there is a
 * new one; everything else happens outside of React.
 */
import { paintLine } from './paint.ts'
import type { BoardStore } from './board-store.ts'
import type { Frame } from './model/line.ts'
import type { InkKey } from './model/keys.ts'
import { keysOf } from './model/keys.ts'
import { completed, noticed, paste, pressKey } from './model/reduce.ts'
import type { Step } from './model/reduce.ts'
import type { Effect, UiContext, UiState } from './model/ui-state.ts'
import { initialState } from './model/ui-state.ts'
import type { DrawOptions } from './screens/draw-screen.ts'
import { drawScreen } from './screens/draw-screen.ts'
import type { Tone } from './model/line.ts'

export interface ControllerOptions extends DrawOptions, Pick<UiContext, 'folder' | 'absolute'> {
  readonly store: BoardStore
  readonly frame: Frame
  readonly color: boolean
}

export interface Controller extends Disposable {
  /** The lines of the window with their colours; the same array until something changed. */
  readonly lines: readonly string[]
  readonly state: UiState
  subscribe(listener: () => void): () => void
  press(input: string, key: InkKey): void
  paste(text: string): void
  resize(columns: number, rows: number): void
  say(text: string, tone: Tone): void
  completed(text: string, choices: readonly string[]): void
  /** Told of what keys ask for. */
  onEffect(listener: (effect: Effect) => void): void
}

export function createController(options: ControllerOptions): Controller {
  const { store, color, canOpen, folder, absolute } = options
  const listeners = new Set<() => void>()
  let frame = options.frame
  let state = initialState(!frame.unicode)
  let lines: readonly string[] | undefined
  let tellEffect: (effect: Effect) => void = () => undefined

  const changed = (): void => {
    lines = undefined
    for (const listener of listeners) listener()
  }
  const context = (): UiContext => ({ board: store.board, frame, canOpen, folder, absolute })
  const step = ({ state: next, effects }: Step): void => {
    state = next
    for (const effect of effects) tellEffect(effect)
  }
  const leave = store.subscribe(changed)

  return {
    get lines(): readonly string[] {
      // A terminal of ASCII stays one, whatever the user tries.
      const shown = frame.unicode ? state : { ...state, isAscii: true }
      lines ??= drawScreen(shown, store.board, { ...frame, unicode: frame.unicode }, options).map((line) =>
        paintLine(line, color),
      )
      return lines
    },
    get state(): UiState {
      return state
    },
    subscribe(listener): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    press(input, key): void {
      for (const name of keysOf(input, key)) step(pressKey(state, name, context()))
      changed()
    },
    paste(text): void {
      step(paste(state, text, context()))
      changed()
    },
    resize(columns, rows): void {
      frame = { ...frame, columns, rows }
      changed()
    },
    say(text, tone): void {
      state = noticed(state, text, tone, store.board.nowMs)
      if (tone === 'bad') store.log('error', text)
      changed()
    },
    completed(text, choices): void {
      state = completed(state, text, choices)
      changed()
    },
    onEffect(listener): void {
      tellEffect = listener
    },
    [Symbol.dispose]: leave,
  }
}
