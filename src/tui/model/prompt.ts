/** A line that the user types: what it is for, and how keys and pastes change it. Pure. */
import type { JobSpec } from '../../jobs/engine-types.ts'

export type PromptKind = 'filter' | 'share' | 'ticket' | 'into' | 'sync-from' | 'sync-to'

export interface Prompt {
  readonly kind: PromptKind
  readonly text: string
  /** Place of the cursor, in UTF-16 units of the text. */
  readonly at: number
  /** What was typed before, when this is the second question. */
  readonly first: string
  /** Paths that it could become, after Tab. */
  readonly choices: readonly string[]
}

export const promptLabels: Record<PromptKind, string> = {
  filter: 'Filter',
  share: 'Share which file or folder',
  ticket: 'Ticket',
  into: 'Write into the folder',
  'sync-from': 'Sync from',
  'sync-to': 'to',
}

export const completesPaths = (kind: PromptKind): boolean => kind !== 'filter' && kind !== 'ticket'

export function openPrompt(kind: PromptKind, text = '', first = ''): Prompt {
  return { kind, text, at: text.length, first, choices: [] }
}

/** The same prompt after a key; a key that means nothing here changes nothing. */
export function editPrompt(prompt: Prompt, key: string): Prompt {
  const { text, at } = prompt
  const left = text.slice(0, at)
  const right = text.slice(at)
  const edited = (head: string, tail: string): Prompt => ({
    ...prompt,
    text: head + tail,
    at: head.length,
    choices: [],
  })
  const before = left.slice(0, -(/.$/su.exec(left)?.[0].length ?? 0) || undefined)
  const step = /^./su.exec(right)?.[0].length ?? 0
  switch (key) {
    case 'backspace':
      return left === '' ? prompt : edited(before, right)
    case 'delete':
      // Many terminals send this for the backspace key.
      return right === '' ? (left === '' ? prompt : edited(before, right)) : edited(left, right.slice(step))
    case 'left':
      return left === '' ? prompt : { ...prompt, at: before.length }
    case 'right':
      return { ...prompt, at: at + step }
    case 'home':
    case 'ctrl-a':
      return { ...prompt, at: 0 }
    case 'end':
    case 'ctrl-e':
      return { ...prompt, at: text.length }
    case 'ctrl-u':
      return edited('', right)
    case 'ctrl-w':
      return edited(left.replace(/[^\s/]*[\s/]*$/, ''), right)
    default:
      return Array.from(key).length === 1 && !/\p{Cc}/u.test(key) ? edited(left + key, right) : prompt
  }
}

/** Pasted text at the cursor, in one line. */
export function pasteInto(prompt: Prompt, pasted: string): Prompt {
  const clean = pasted.replaceAll(/[\r\n\t]+/g, ' ').replaceAll(/\p{Cc}/gu, '')
  const inserted = prompt.kind === 'filter' ? clean : clean.trim()
  const text = prompt.text.slice(0, prompt.at) + inserted + prompt.text.slice(prompt.at)
  return { ...prompt, text, at: prompt.at + inserted.length, choices: [] }
}

/** The longest beginning that all choices share; the text stays when that is no longer. */
export function completePrompt(prompt: Prompt, choices: readonly string[]): Prompt {
  const [first] = choices
  if (first === undefined) return { ...prompt, choices: [] }
  let common = first
  for (const choice of choices) while (!choice.startsWith(common)) common = common.slice(0, -1)
  const text = common.length > prompt.text.length ? common : prompt.text
  return { ...prompt, text, at: text.length, choices: choices.length > 1 ? choices : [] }
}

/** A ticket as people paste it: with the command before it, line breaks inside, capitals, or as a `ferry:` address. */
export function cleanTicket(text: string): string {
  const joined = text.replaceAll(/\s+/g, '').toLowerCase()
  return /ferry1[02-9ac-hj-np-z]+/.exec(joined)?.[0] ?? text.trim()
}

export const looksLikeTicket = (text: string): boolean =>
  /ferry1[02-9ac-hj-np-z]{20,}/i.test(text.replaceAll(/\s+/g, ''))

/** Remotes and tickets stay as they are; local paths become absolute, as the engine wants them. */
export function syncPlace(text: string, absolute: (path: string) => string): string {
  const place = text.trim()
  const isLocal = !/^[\w.@-]+:/.test(place) && !/^ferry1/i.test(place)
  // A trailing slash says "what is in it".
  return isLocal ? absolute(place) + (/.\/$/.test(place) ? '/' : '') : place
}

/** The job that an answered prompt asks for; undefined when there is another question first. */
export function specOf(prompt: Prompt, absolute: (path: string) => string): JobSpec | undefined {
  const { kind, text, first } = prompt
  if (kind === 'share') return { kind: 'share', paths: [absolute(text.trim())] }
  if (kind === 'into') return { kind: 'receive', ticket: cleanTicket(first), into: absolute(text.trim()) }
  if (kind === 'sync-to')
    return {
      kind: 'sync',
      from: syncPlace(first, absolute),
      to: syncPlace(text, absolute),
      options: archiveOptions,
    }
  return undefined
}

/** As `ferry sync -a`, which is what people mean by keeping folders alike; nothing is deleted. */
const archiveOptions = { recursive: true, links: true, perms: true, times: true }
