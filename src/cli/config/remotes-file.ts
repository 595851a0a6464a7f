/** `remotes.toml`: written by `ferry remote` alone, whole and 0600, so that the file that people write keeps its comments. */
import type { FileRemote, RemoteFieldsOf } from './read-config-file.ts'
import { changeConfigFile } from './change-config.ts'
import { checkConfigText } from './read-config-file.ts'
import { writeValue } from './value-kinds.ts'

const head = `# Written by "ferry remote"; secrets do not belong here.
`

/**
 * `change` gets the remotes of the file and returns those it shall hold.
 * @throws E_USAGE when the file or a remote is not right; E_CONFLICT, E_PERMISSION …
 */
export async function changeRemotes(
  path: string,
  change: (remotes: readonly FileRemote[]) => readonly RemoteFieldsOf[],
): Promise<void> {
  await changeConfigFile(path, 'remotes', async (text) => {
    const { remotes } = await checkConfigText(text, path, 'remotes')
    const sections = change(remotes)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, type, fields }) => {
        const lines = Object.entries(fields).map(([field, value]) => `${field} = ${writeValue(value)}\n`)
        return `\n[remote.${name}]\ntype = "${type}"\n${lines.join('')}`
      })
    return head + sections.join('')
  })
}
