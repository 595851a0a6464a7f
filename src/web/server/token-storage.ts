/**
 * The token comes in the address behind `#`, which browsers send to nobody, and is taken out of there at once, so that no
 * history, bookmark or picture of the screen keeps it. It is kept for this tab alone.
 */
import { formatRoute, tokenOf } from '../model/routes.ts'

const key = 'ferry.token'

/** The token of the address, or the one that this tab had; undefined when there is neither. */
export function takeToken(): string | undefined {
  const fresh = tokenOf(location.hash)
  if (fresh !== undefined) {
    history.replaceState(null, '', location.pathname + formatRoute({ screen: 'transfers' }))
    keepToken(fresh)
  }
  return fresh ?? sessionStorage.getItem(key) ?? undefined
}

export function keepToken(token: string): void {
  sessionStorage.setItem(key, token)
}

export function dropToken(): void {
  sessionStorage.removeItem(key)
}
