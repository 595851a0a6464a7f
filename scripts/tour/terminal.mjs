// The frames of the terminal: a share with a limit, and `ferry tui` in a terminal of tmux that receives it. They are written
// into docs/tour.md between its marks; the text around them stays as it is. Needs tmux.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ferryCommand, ferryEnvironment } from '../../dist/test/support/ferry.js'
import { seededBytes } from '../../dist/test/support/seeded-bytes.js'
import { removeTree } from '../../dist/test/support/temporary-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'ferry-tour-'))
const socket = `ferry-tour-${process.pid}`

function tmux(...args) {
  const { status, stdout, stderr } = spawnSync('tmux', ['-u', '-L', socket, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tmux ${args[0]} failed: ${stderr || 'is it installed?'}`)
  return stdout
}

/** What is on the screen, once it shows this. */
async function screen(pattern) {
  for (let round = 0; round < 300; round++) {
    const shown = tmux('capture-pane', '-p')
    if (pattern.test(shown)) return shown
    await wait(100)
  }
  throw new Error(`The screen never showed ${pattern}:\n${tmux('capture-pane', '-p')}`)
}

/** Names as in a home, and nothing of this machine. */
function tidy(shown) {
  return shown
    .replaceAll(folder, '/home/me')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

async function makeFrames() {
  mkdirSync(join(folder, 'Pictures', '2026'), { recursive: true })
  mkdirSync(join(folder, 'Downloads'))
  for (let index = 0; index < 12; index++)
    writeFileSync(
      join(folder, 'Pictures', `IMG_04${10 + index}.CR3`),
      seededBytes(9_000_000 + index * 400_000, index),
    )
  for (let index = 0; index < 400; index++)
    writeFileSync(
      join(folder, 'Pictures', '2026', `IMG_${1000 + index}.JPG`),
      seededBytes(20_000, 100 + index),
    )

  const env = ferryEnvironment({ home: join(folder, 'other') })
  const share = spawn(
    process.execPath,
    [ferryCommand, 'share', '--no-dht', '--bwlimit', '12MB', 'Pictures'],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const frames = {}
  try {
    let output = ''
    share.stdout.setEncoding('utf8').on('data', (text) => (output += text))
    while (!/ferry1\w+\s/.test(output)) await wait(50)
    const ticket = /ferry1\w+/.exec(output)[0]
    const home = join(folder, 'home')
    const words = Object.entries(ferryEnvironment({ home })).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}='${value}'`],
    )
    const command = `cd ${join(folder, 'Downloads')} && exec env ${words.join(' ')} '${process.execPath}' '${ferryCommand}' tui --no-dht`
    tmux('new-session', '-d', '-x', '80', '-y', '24', command)
    frames.first = await screen(/Send something[\s\S]*12D3/)
    tmux('set-buffer', ticket)
    tmux('paste-buffer', '-p')
    await screen(/Write into the folder/)
    tmux('send-keys', 'Enter')
    frames.running = await screen(/ETA \d/)
    tmux('resize-window', '-x', '120', '-y', '40')
    frames.wide = await screen(/details: Pictures/)
    tmux('resize-window', '-x', '40', '-y', '10')
    frames.narrow = await screen(/ferry · Transfers/)
    tmux('resize-window', '-x', '80', '-y', '24')
    await screen(/\[1 Transfers\]/)
    tmux('send-keys', 'p')
    frames.paused = await screen(/↓ Pictures +paused/)
    tmux('send-keys', 'p')
    await screen(/↓ Pictures +done/)
    tmux('send-keys', 'a')
    tmux('send-keys', '-l', join(folder, 'Pictures'))
    tmux('send-keys', 'Enter', '2')
    frames.shares = await screen(/serving/)
    tmux('send-keys', 'c')
    frames.code = await screen(/Esc back/)
    tmux('send-keys', 'Escape')
    await screen(/2 Shares\]/)
    tmux('send-keys', '5')
    frames.log = await screen(/done, 412 files/)
    tmux('send-keys', 'q', 'y')
  } finally {
    share.kill()
    spawnSync('tmux', ['-L', socket, 'kill-server'])
    removeTree(folder)
  }
  return frames
}

export async function* makePictures({ root }) {
  const frames = await makeFrames()
  const tourFile = join(root, 'docs', 'tour.md')
  for (const [name, shown] of Object.entries(frames)) {
    const text = readFileSync(tourFile, 'utf8')
    const [start, end] = [`<!-- frame: ${name} -->`, `<!-- end of frame -->`]
    const from = text.indexOf(start)
    if (from < 0) throw new Error(`docs/tour.md has no ${start}`)
    const to = text.indexOf(end, from)
    const frame = `${start}\n\`\`\`text\n${tidy(shown).trimEnd()}\n\`\`\`\n`
    writeFileSync(tourFile, text.slice(0, from) + frame + text.slice(to))
    yield `docs/tour.md: ${name}`
  }
}
