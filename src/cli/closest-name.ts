/** What was probably meant by a name that nobody knows. */

/** Longer than any name that ferry knows; the time grows with the length. */
const maxChars = 64

/** At most two letters away, and never a name of which nothing would be left. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > maxChars) return undefined
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.min(2, candidate.length - 2))
    .toSorted((a, b) => a.distance - b.distance)
  return near[0]?.candidate
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitute, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
