/** Paths that what was typed could become: names in its folder, folders with a slash behind them. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** More are of no help to anyone. */
const maxChoices = 200

/** `absolute` says what a typed path means. What cannot be read has no choices. */
export async function completePath(
  text: string,
  absolute: (path: string) => string,
): Promise<readonly string[]> {
  const slash = text.lastIndexOf('/')
  const [head, start] = [text.slice(0, slash + 1), text.slice(slash + 1)]
  const folder = absolute(head === '' ? '.' : head)
  try {
    const names = (await readdir(folder))
      .filter((name) => name.startsWith(start) && (start !== '' || !name.startsWith('.')))
      .toSorted()
      .slice(0, maxChoices)
    return await Promise.all(
      names.map(async (name) => {
        const isFolder = await stat(join(folder, name)).then(
          (found) => found.isDirectory(),
          () => false,
        )
        return `${head}${name}${isFolder ? '/' : ''}`
      }),
    )
  } catch {
    return []
  }
}
