/** Where two ends of a sync lie to each other, so that nothing is copied into itself or deleted while it is read. */
import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseTreePath, type TreePath } from '../../shared/paths.ts'
import type { RemoteLocation } from '../../sync/location.ts'

/** The folder above a location, and the name in it; undefined for what has none above it. */
export function parentOf<Kind extends RemoteLocation>(
  location: Kind,
): { readonly parent: Kind; readonly name: TreePath } | undefined {
  const path = pathIn(location).replace(/\/+$/, '')
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  if (name === '' || name === '.' || name === '..') return undefined
  const above = slash < 0 ? '' : slash === 0 ? '/' : path.slice(0, slash)
  return { parent: withPath(location, above), name: parseTreePath(name) }
}

/** The part of a location that is a path. */
export function pathIn(location: RemoteLocation): string {
  return location.kind === 's3' ? location.prefix : location.path
}

function withPath<Kind extends RemoteLocation>(location: Kind, path: string): Kind {
  if (location.kind === 's3') return { ...location, prefix: path === '/' ? '' : path }
  return { ...location, path }
}

export interface Whereabouts {
  /** Of the same kind, endpoint, host: paths can be compared. */
  readonly place: string
  /** '' is the top, otherwise names with a slash in front of each. */
  readonly path: string
}

/** `below`: what is added to the location, which may not be there yet. */
export function whereaboutsOf(place: string, location: RemoteLocation, below = ''): Whereabouts {
  const path = location.kind === 'local' ? realPath(location.path) : pathIn(location)
  const names = `${path}/${below}`.split('/').filter((name) => name !== '' && name !== '.')
  // Relative to the home folder there is another place than the top.
  const isRelative = location.kind === 'sftp' && !path.startsWith('/')
  return { place: isRelative ? `${place}~` : place, path: names.map((name) => `/${name}`).join('') }
}

/** With links followed as far as the path is there. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(realPath(above), basename(path))
  }
}

/** `inner` relative to `outer`; '' when both are one, undefined when it is not in there. */
export function pathWithin(outer: Whereabouts, inner: Whereabouts): string | undefined {
  if (outer.place !== inner.place) return undefined
  if (outer.path === inner.path) return ''
  return inner.path.startsWith(`${outer.path}/`) ? inner.path.slice(outer.path.length + 1) : undefined
}
