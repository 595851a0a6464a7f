/** The settings of commands that read none. */
import type { Config } from './load-config.ts'

export const noConfig: Config = {
  settings: new Map(),
  remotes: new Map(),
  userFile: '',
  remotesFile: '',
  projectFile: undefined,
  warnings: [],
}
