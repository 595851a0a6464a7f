/**
 * One notice for a person who looks elsewhere: from the desktop they sit at, or else from their terminal, which also
 * works over ssh. What is in it may come from outside, so it is shown as plain text.
 */
import { spawn } from 'node:child_process'
import { cutEnd, escapeText } from '../shared/terminal-text.ts'
import type { Terminal } from './terminal.ts'

const timeoutMs = 2000
/** What a notice has room for. */
const maxCells = 200

/** False when there is no way. */
export async function notifyUser(terminal: Terminal, title: string, text: string): Promise<boolean> {
  const [shownTitle, shownText] = [title, text].map((part) => cutEnd(escapeText(part), maxCells)) as [
    string,
    string,
  ]
  if (isAtDesktop(terminal) && (await tellDesktop(terminal, shownTitle, shownText))) return true
  if (terminal.io.stderr.isTTY !== true || terminal.io.env['TERM'] === 'dumb') return false
  terminal.err(sequenceOf(terminal, shownTitle, shownText))
  return true
}

/** Over ssh the desktop of that computer is not the one that the person sees. */
function isAtDesktop({ io: { env, platform } }: Terminal): boolean {
  const isLocal = !env['SSH_CONNECTION'] && !env['SSH_TTY']
  return platform === 'linux' && isLocal && Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY'])
}

function tellDesktop({ io }: Terminal, title: string, text: string): Promise<boolean> {
  // The body may be read as markup.
  const body = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return new Promise((resolve) => {
    const child = spawn('notify-send', ['--app-name=ferry', '--', title, body], {
      env: { ...io.env },
      stdio: 'ignore',
      timeout: timeoutMs,
    })
    child.on('error', () => resolve(false))
    child.on('exit', (code) => resolve(code === 0))
  })
}

/** OSC 777 has a title, where the terminal is known to read it; OSC 9 is read by most others, and ignored by the rest. */
function sequenceOf({ io: { env } }: Terminal, title: string, text: string): string {
  const term = env['TERM'] ?? ''
  const hasTitles = /^(?:rxvt|foot)/.test(term) || env['VTE_VERSION'] !== undefined
  const plain = (part: string): string => part.replaceAll(';', ',')
  const sequence = hasTitles
    ? `\u001b]777;notify;${plain(title)};${plain(text)}\u0007`
    : `\u001b]9;ferry: ${plain(title)}${text === '' ? '' : `: ${plain(text)}`}\u0007`
  // tmux passes on what is wrapped for it.
  return env['TMUX'] ? `\u001bPtmux;${sequence.replaceAll('\u001b', '\u001b\u001b')}\u001b\\` : sequence
}
