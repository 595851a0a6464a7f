/** Small parts that show text: names from outside, states, bars. */
import { useEffect, useRef, useState } from 'react'
import { escapeText } from '../../shared/terminal-text.ts'
import type { Tone } from '../model/words.ts'

/** Shorter names give way at their end. */
const wholeBelow = 24
/** So much of the end of a longer one stays in sight: its extension, and what counts it. */
const tailChars = 10

/** A name from outside: as text, with its control characters escaped, and the end of a long one always in sight. */
export function Name({ text }: { readonly text: string }): React.ReactElement {
  const safe = escapeText(text)
  const cut = safe.length > wholeBelow ? safe.length - tailChars : safe.length
  return (
    <span className="name" title={safe}>
      <span className="name-head">{safe.slice(0, cut)}</span>
      <span className="name-tail">{safe.slice(cut)}</span>
    </span>
  )
}

const toneMarks: Readonly<Record<Tone, string>> = { active: '●', good: '✔', bad: '!', held: '❙❙', quiet: '○' }

export function Chip({ tone, text }: { readonly tone: Tone; readonly text: string }): React.ReactElement {
  return (
    <span className={`chip ${tone}`}>
      <span aria-hidden="true">{toneMarks[tone]}</span> {text}
    </span>
  )
}

export interface BarProps {
  readonly label: string
  /** Undefined: how much there is to do is not known. */
  readonly percent: number | undefined
  readonly tone: Tone
}

export function Bar({ label, percent, tone }: BarProps): React.ReactElement {
  return (
    <progress
      className={`bar ${tone}`}
      aria-label={label}
      max={100}
      {...(percent !== undefined && { value: percent })}
    >
      {percent === undefined ? '' : `${percent}%`}
    </progress>
  )
}

/** Copies a text, and says that it did. */
export function CopyButton({
  text,
  label,
  copyKey,
}: {
  readonly text: string
  readonly label: string
  /** Pressed by the key for copying. */
  readonly copyKey?: boolean
}): React.ReactElement {
  const [said, setSaid] = useState<string>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  async function copy(): Promise<void> {
    // Only where the browser lets pages of this computer write to the clipboard.
    const outcome = await navigator.clipboard.writeText(text).then(
      () => 'Copied',
      () => 'Select and copy it by hand',
    )
    setSaid(outcome)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setSaid(undefined), 2000)
  }
  return (
    <button
      type="button"
      className="quiet-button"
      data-key={copyKey ? 'copy' : undefined}
      onClick={() => void copy()}
    >
      {said ?? label}
    </button>
  )
}
