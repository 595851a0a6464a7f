/**
 * What there is to know of one setting.
 *
 * What a project file may hold (`inProject`) is chosen for the case that the project is a stranger's: nothing there leads
 * data elsewhere, deletes, opens the computer to others, takes back a check, or names a program or a credential.
 */
import type { SettingValue, ValueKind } from './value-kinds.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface ConfigKey {
  /** `table.key`. */
  readonly name: string
  readonly kind: ValueKind
  /** `*`: every command. */
  readonly commands: readonly string[]
  /** Name of the option's value in commander. */
  readonly option: string
  readonly env?: string
  /** Variables that ferry shares with other programs, and what they say here. */
  readonly fromEnv?: (env: Environment) => { readonly origin: string; readonly text: string } | undefined
  /** `true`: only that value, since the other one would take back what the user has asked for. */
  readonly inProject?: 'any' | 'true'
  /** What commander keeps for a value, where it is not the value itself. */
  readonly toOption?: (value: SettingValue) => unknown
  /** A list that is put behind what the command line says, in place of giving way to it. */
  readonly isAppended?: boolean
  /** What counts when nothing is said, for people. */
  readonly preset: string
  readonly summary: string
}
