/** Limits of the speed that a page offers; all others come from the command line. Pure. */
import { formatRate } from '../../shared/units.ts'

/** Bytes a second; null: none. */
const rates = [null, 100_000, 500_000, 1_000_000, 5_000_000, 20_000_000, 100_000_000]

export interface LimitChoice {
  /** As a form has it. */
  readonly value: string
  readonly text: string
}

/** The choices, with `present` among them. */
export function limitChoices(present: number | null = null): readonly LimitChoice[] {
  return (rates.includes(present) ? rates : [present, ...rates]).map((rate) => ({
    value: String(rate),
    text: rate === null ? 'no limit' : formatRate(rate),
  }))
}

/** What a form has, as bytes a second. */
export function limitOf(value: string): number | null {
  return value === 'null' ? null : Number(value)
}
