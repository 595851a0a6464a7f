/** What stands where there is nothing yet: every empty screen says what to press. Pure. */
import { escapeText } from '../../shared/terminal-text.ts'
import { shortPeer } from '../../shared/peer-name.ts'
import type { Board } from '../model/board.ts'
import type { Frame, Line } from '../model/line.ts'
import { cutLine, emptyLine, line, span } from '../model/line.ts'

export function emptyTransfers(board: Board, { columns, rows }: Frame): Line[] {
  const { status } = board
  const isWide = columns >= 60
  const asked = (text: string, key: string, what: string): Line =>
    line(`   ${text.padEnd(21)}`, span(key, 'bold'), isWide ? `   ${what}` : '')
  const short: Line[] = [
    line('   Nothing is being transferred.'),
    emptyLine,
    asked('Send something', 'a', 'choose a file or folder to share'),
    asked('Get something', 'n', 'paste a ticket you were given'),
    asked('Keep folders alike', 'S', 'set up a sync (folder, S3, SFTP)'),
  ]
  const shell: Line[] = [
    emptyLine,
    line('   The same from a shell:'),
    line('     ferry share ~/Pictures'),
    line('     ferry receive ferry1qq8k3…'),
    line('     ferry sync -avn ~/site s3://my-bucket/site'),
    emptyLine,
    line(
      '   This device   ',
      span(status?.peer ? shortPeer(status.peer) : 'has no name until it connects', 'dim'),
    ),
    line('   Store         ', span(escapeText(board.places.data), 'dim')),
  ]
  const all = rows >= 20 ? [emptyLine, emptyLine, ...short, ...shell] : short
  return all.map((each) => cutLine(each, columns))
}

/** One or two sentences in the middle of nothing. */
export function emptyList(sentences: readonly string[], { columns }: Frame): Line[] {
  return [emptyLine, ...sentences.map((text) => cutLine(line(`   ${text}`), columns))]
}
