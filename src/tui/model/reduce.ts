/** What a key, a paste or an answer does: the next state of the screens, and what is to be done outside of them. Pure. */
import type { JobView } from '../../jobs/engine-types.ts'
import { escapeText, quoteName } from '../../shared/terminal-text.ts'
import { formatPlural } from '../../shared/units.ts'
import type { Command, ScreenName } from './keys.ts'
import { commandOf, screenNames } from './keys.ts'
import { layoutOf } from './layout.ts'
import type { Tone } from './line.ts'
import { cursorOf, listOf, selected, targetIds, transferList } from './lists.ts'
import {
  cleanTicket,
  completePrompt,
  completesPaths,
  editPrompt,
  looksLikeTicket,
  openPrompt,
  pasteInto,
  specOf,
} from './prompt.ts'
import type { Prompt } from './prompt.ts'
import { nextLimit } from './rate-steps.ts'
import { sortKeys } from './transfer-rows.ts'
import type { Effect, UiContext, UiState } from './ui-state.ts'
import { moveCursor } from './window.ts'

export interface Step {
  readonly state: UiState
  readonly effects: readonly Effect[]
}

/** How long a line in place of the footer stays. */
const noticeMs = 5000
/** A second Ctrl-C within this time ends at once. */
const hardWithinMs = 3000

const only = (state: UiState): Step => ({ state, effects: [] })

/** One key press by its name. */
export function pressKey(state: UiState, key: string, context: UiContext): Step {
  if (key === 'ctrl-c') return interrupt(state, context)
  if (state.confirm) {
    const { effects } = state.confirm
    const next = { ...state, confirm: undefined }
    return key === 'y' || key === 'Y' ? { state: next, effects } : only(next)
  }
  if (state.prompt) return pressInPrompt(state, state.prompt, key, context)
  if (state.overlay !== 'none') return pressInOverlay(state, key)
  const command = commandOf(state.screen, key)
  return command ? act(state, command, context) : only(state)
}

/** Pasted text; a ticket that is pasted anywhere begins a receive. */
export function paste(state: UiState, text: string, { folder }: UiContext): Step {
  if (state.prompt) return only({ ...state, prompt: pasteInto(state.prompt, text) })
  if (!looksLikeTicket(text) || state.confirm) return only(state)
  return only({ ...state, overlay: 'none', prompt: openPrompt('into', folder, cleanTicket(text)) })
}

/** The paths that a prompt's text could become. */
export function completed(state: UiState, text: string, choices: readonly string[]): UiState {
  const { prompt } = state
  // The user has typed on meanwhile.
  if (!prompt || prompt.text !== text) return state
  return { ...state, prompt: completePrompt(prompt, choices) }
}

export function noticed(state: UiState, text: string, tone: Tone, nowMs: number): UiState {
  return { ...state, notice: { text: escapeText(text), tone, untilMs: nowMs + noticeMs } }
}

function interrupt(state: UiState, { board }: UiContext): Step {
  const { nowMs } = board
  const { interruptedAtMs } = state
  if (interruptedAtMs !== undefined && nowMs - interruptedAtMs < hardWithinMs)
    return { state, effects: [{ do: 'quit-now' }] }
  const next = noticed(
    { ...state, interruptedAtMs: nowMs },
    'Stopping; Ctrl-C again stops at once',
    'waiting',
    nowMs,
  )
  return { state: { ...next, confirm: undefined, prompt: undefined }, effects: [{ do: 'quit' }] }
}

function pressInOverlay(state: UiState, key: string): Step {
  const { helpTop } = state
  if (state.overlay === 'help') {
    const step = { up: -1, k: -1, down: 1, j: 1, 'page-up': -10, 'page-down': 10 }[key]
    if (step !== undefined) return only({ ...state, helpTop: Math.max(0, helpTop + step) })
  }
  const closing = ['escape', 'q', 'c', '?', 'enter', ' ']
  return only(closing.includes(key) ? { ...state, overlay: 'none', helpTop: 0 } : state)
}

function pressInPrompt(state: UiState, prompt: Prompt, key: string, context: UiContext): Step {
  if (key === 'escape')
    return only({
      ...state,
      prompt: undefined,
      ...(prompt.kind === 'filter' && { filters: { ...state.filters, [state.screen]: '' } }),
    })
  if (key === 'enter') return answer(state, prompt, context)
  if (key === 'tab' && completesPaths(prompt.kind))
    return { state, effects: [{ do: 'complete', text: prompt.text }] }
  const next = editPrompt(prompt, key)
  // A filter acts while it is typed.
  const filters = next.kind === 'filter' ? { ...state.filters, [state.screen]: next.text } : state.filters
  return only({ ...state, prompt: next, filters })
}

function answer(state: UiState, prompt: Prompt, { folder, absolute }: UiContext): Step {
  const done: UiState = { ...state, prompt: undefined }
  if (prompt.text.trim() === '' || prompt.kind === 'filter') return only(done)
  if (prompt.kind === 'ticket') return only({ ...state, prompt: openPrompt('into', folder, prompt.text) })
  if (prompt.kind === 'sync-from') return only({ ...state, prompt: openPrompt('sync-to', '', prompt.text) })
  const spec = specOf(prompt, absolute)
  return spec ? { state: done, effects: [{ do: 'start', spec }] } : only(done)
}

function onScreen(state: UiState, screen: ScreenName): Step {
  return only({ ...state, screen, marks: new Set() })
}

function act(state: UiState, command: Command, context: UiContext): Step {
  const { board, frame } = context
  const { screen } = state
  const at = screenNames.indexOf(screen)
  const count = screenNames.length
  switch (command.do) {
    case 'screen':
      return onScreen(state, command.screen)
    case 'next-screen':
      return onScreen(state, screenNames[(at + 1) % count] as ScreenName)
    case 'previous-screen':
      return onScreen(state, screenNames[(at + count - 1) % count] as ScreenName)
    case 'move': {
      const list = listOf(screen, state, board)
      const height = layoutOf(screen, frame, state.detail).list
      const moved = moveCursor(list, cursorOf(screen, state, list), command.move, height)
      const isAtEnd = screen === 'log' && moved.index === list.count - 1
      return only({
        ...state,
        cursors: { ...state.cursors, [screen]: isAtEnd ? { ...moved, key: undefined } : moved },
      })
    }
    case 'limit':
      return limit(state, command.up, context)
    case 'details': {
      const isOpen = layoutOf(screen, frame, state.detail).detail > 0
      return only({ ...state, detail: !isOpen })
    }
    case 'back':
      return back(state, context)
    case 'filter':
      return only({ ...state, prompt: openPrompt('filter', state.filters[screen]) })
    case 'mark':
      return mark(state, context)
    case 'sort': {
      const next = sortKeys[(sortKeys.indexOf(state.sort) + 1) % sortKeys.length]
      return only({ ...state, sort: next ?? 'order' })
    }
    case 'reverse':
      return only({ ...state, reverse: !state.reverse })
    case 'failed-only':
      return only({ ...state, failedOnly: !state.failedOnly })
    case 'pause':
    case 'retry':
    case 'cancel':
    case 'stop-share':
      return steer(state, command.do, context)
    case 'add-share':
      return only({ ...state, prompt: openPrompt('share') })
    case 'receive':
      return only({ ...state, prompt: openPrompt('ticket') })
    case 'new-sync':
      return only({ ...state, prompt: openPrompt('sync-from') })
    case 'copy-ticket':
    case 'copy-command':
    case 'qr':
      return withTicket(state, command.do, context)
    case 'open': {
      const path = targetJobs(state, context)[0]?.to
      const isFolder = path !== undefined && path !== null && path.startsWith('/')
      return context.canOpen && isFolder ? { state, effects: [{ do: 'open', path }] } : only(state)
    }
    case 'ascii':
      return only({ ...state, isAscii: !state.isAscii })
    case 'help':
      return only({ ...state, overlay: 'help', helpTop: 0 })
    case 'quit':
      return quit(state, context)
    case 'interrupt':
      return interrupt(state, context)
    case 'suspend':
    case 'redraw':
    default:
      return { state, effects: [{ do: command.do }] }
  }
}

/** Undoes one thing: the pane, the marks, the filter. */
function back(state: UiState, { frame }: UiContext): Step {
  const { screen } = state
  if (state.detail === true && layoutOf(screen, frame, true).detail > 0)
    return only({ ...state, detail: false })
  if (state.marks.size > 0) return only({ ...state, marks: new Set() })
  if (state.filters[screen] !== '') return only({ ...state, filters: { ...state.filters, [screen]: '' } })
  return only({ ...state, failedOnly: false })
}

function mark(state: UiState, context: UiContext): Step {
  const list = transferList(state, context.board)
  const row = selected('transfers', state, list)
  if (state.screen !== 'transfers' || !row) return only(state)
  const marks = new Set(state.marks)
  if (!marks.delete(row.key)) marks.add(row.key)
  return act({ ...state, marks }, { do: 'move', move: 'down' }, context)
}

function targetJobs(state: UiState, { board }: UiContext): JobView[] {
  const ids = targetIds(state, board)
  return board.jobs.filter(({ id }) => ids.includes(id))
}

const idsOf = (jobs: readonly JobView[]): string[] => jobs.map(({ id }) => id)

const namesOf = (jobs: readonly JobView[]): string => {
  const [first] = jobs
  return first && jobs.length === 1 ? quoteName(first.title, 30) : formatPlural(jobs.length, 'job')
}

function steer(state: UiState, what: 'pause' | 'retry' | 'cancel' | 'stop-share', context: UiContext): Step {
  const { nowMs } = context.board
  const jobs = targetJobs(state, context)
  const refuse = (text: string): Step => only(noticed(state, text, 'waiting', nowMs))
  const unmarked: UiState = { ...state, marks: new Set() }
  if (what === 'pause') {
    const running = jobs.filter(({ canPause }) => canPause)
    if (running.length > 0) return { state: unmarked, effects: [{ do: 'pause', ids: idsOf(running) }] }
    const held = jobs.filter(({ canResume }) => canResume)
    if (held.length > 0) return { state: unmarked, effects: [{ do: 'resume', ids: idsOf(held) }] }
    return refuse('Nothing here can be paused')
  }
  if (what === 'retry') {
    const ended = jobs.filter(({ canRetry }) => canRetry)
    if (ended.length > 0) return { state: unmarked, effects: [{ do: 'retry', ids: idsOf(ended) }] }
    return refuse('Nothing here has ended: there is nothing to run again')
  }
  if (what === 'stop-share') {
    const shares = jobs.filter(({ kind }) => kind === 'share')
    if (shares.length === 0) return only(state)
    return only({
      ...state,
      confirm: {
        question: `Stop sharing ${namesOf(shares)} and forget it?`,
        effects: [{ do: 'remove-share', ids: idsOf(shares) }],
      },
    })
  }
  const stoppable = jobs.filter(({ canCancel }) => canCancel)
  if (stoppable.length === 0) return refuse('Nothing here can be stopped')
  return only({
    ...unmarked,
    confirm: {
      question: `Stop ${namesOf(stoppable)}? What has arrived is kept.`,
      effects: [{ do: 'cancel', ids: idsOf(stoppable) }],
    },
  })
}

function limit(state: UiState, up: boolean, context: UiContext): Step {
  const [job] = targetJobs(state, context)
  if (!job || job.endedAtMs !== null) return only(state)
  const bytesPerSecond = nextLimit(job.limits.bytesPerSecond, up, job.snapshot.rate)
  if (bytesPerSecond === job.limits.bytesPerSecond) return only(state)
  return { state, effects: [{ do: 'limit', id: job.id, bytesPerSecond }] }
}

function withTicket(state: UiState, what: 'copy-ticket' | 'copy-command' | 'qr', context: UiContext): Step {
  const ticket = targetJobs(state, context).find((job) => job.ticket !== null)?.ticket
  if (ticket === undefined || ticket === null)
    return only(noticed(state, 'Only a share has a ticket', 'waiting', context.board.nowMs))
  if (what === 'qr') return only({ ...state, overlay: 'qr' })
  const isCommand = what === 'copy-command'
  const text = isCommand ? `ferry receive ${ticket}` : ticket
  return { state, effects: [{ do: 'copy', text, what: isCommand ? 'The command' : 'The ticket' }] }
}

function quit(state: UiState, { board }: UiContext): Step {
  const going = board.jobs.filter(({ state: now }) => now === 'running')
  if (!board.isPrivate || going.length === 0) return { state, effects: [{ do: 'quit' }] }
  const question = `Leave and stop ${namesOf(going)}? All go on with the next "ferry tui".`
  return only({ ...state, confirm: { question, effects: [{ do: 'quit' }] } })
}
