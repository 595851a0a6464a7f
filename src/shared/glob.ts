/** Globs on manifest paths, for `--only`. Compiled once; matching is one call a path. */
import picomatch from 'picomatch'
import { FerryError } from './errors.ts'

/** Longest glob that is compiled; longer ones are mistakes, or attempts to make the matcher slow. */
const maxGlobLength = 1024

/**
 * A test whether a path is wanted: it matches one of the globs, or lies in a folder that does. A glob without a slash
 * matches at any depth (`*.jpg`), one with a slash from the top (`Pictures/2026/**`). Hidden files match like others.
 * Without globs everything is wanted.
 * @throws E_USAGE when a glob is empty or too long.
 */
export function createGlobFilter(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 0) return () => true
  const patterns = globs.flatMap((glob) => {
    const text = glob.replace(/^\.?\/+/, '').replace(/\/+$/, '')
    if (text === '' || text.length > maxGlobLength) {
      throw new FerryError(
        'E_USAGE',
        `Cannot use "${glob.slice(0, 60)}" as a pattern: it is empty or too long`,
        {
          hint: "write it like 'Pictures/*.jpg' (in quotes, so that the shell leaves it alone)",
        },
      )
    }
    const anchored = text.includes('/') ? text : `**/${text}`
    return [anchored, `${anchored}/**`]
  })
  // A leading ! and (…) groups are taken as parts of names: negation is what --exclude is for.
  return picomatch(patterns, { dot: true, nonegate: true, nocase: false })
}
