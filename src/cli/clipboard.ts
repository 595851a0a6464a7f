/**
 * Puts text on the clipboard: through the terminal (OSC 52, works over ssh) and through the desktop's own program when
 * there is one. The text is a secret, so programs get it on standard input, never as an argument.
 */
import { spawn } from 'node:child_process'
import type { Terminal } from './terminal.ts'

const writeTimeoutMs = 2000

/** Which program took it, `terminal` when the terminal was asked (it does not answer), or undefined when there was no way. */
export async function copyText(text: string, terminal: Terminal): Promise<string | undefined> {
  const { env, platform, stderr } = terminal.io
  for (const [command, ...args] of programsFor(env, platform)) {
    if (await pipeTo(command as string, args, text)) return command
  }
  if (stderr.isTTY !== true) return undefined
  const sequence = `\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`
  terminal.err(sequence)
  // tmux takes the plain one when it may set the clipboard itself, and passes this one on when it may only do that.
  if (env['TMUX']) terminal.err(`\u001bPtmux;${sequence.replaceAll('\u001b', '\u001b\u001b')}\u001b\\`)
  return 'terminal'
}

function programsFor(env: Readonly<Record<string, string | undefined>>, platform: string): string[][] {
  if (platform === 'darwin') return [['pbcopy']]
  if (platform === 'win32') return [['clip.exe']]
  return [
    ...(env['WAYLAND_DISPLAY'] ? [['wl-copy']] : []),
    ...(env['DISPLAY'] ? [['xclip', '-selection', 'clipboard']] : []),
    ...(env['WSL_DISTRO_NAME'] ? [['clip.exe']] : []),
  ]
}

/** True when the program took it. xclip stays in the background to serve the selection: its own exit is not awaited. */
function pipeTo(command: string, args: readonly string[], text: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'], timeout: writeTimeoutMs })
    child.on('error', () => resolve(false))
    child.on('exit', (code) => resolve(code === 0))
    child.stdin.on('error', () => undefined)
    child.stdin.end(text)
  })
}
