/** The limits that `+` and `−` go through. Pure. */

const kilo = 1000
const mega = 1000 * kilo
const steps = [
  ...[50, 100, 200, 500].map((value) => value * kilo),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((value) => value * mega),
]

/** The next limit, in bytes a second; null is none. The first step down begins below the present speed. */
export function nextLimit(limit: number | null, up: boolean, rate: number): number | null {
  if (up) return limit === null ? null : (steps.find((step) => step > limit) ?? null)
  const from = limit ?? (rate >= 1 ? Math.max(rate, 51 * kilo) : Infinity)
  return steps.findLast((step) => step < from) ?? (steps[0] as number)
}
