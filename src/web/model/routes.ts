/** Which screen the part of the address behind `#` means, and back. Pure. */

export type Screen = 'transfers' | 'shares' | 'peers' | 'history'

export interface Route {
  readonly screen: Screen
  /** Of the job that is shown in detail; only with `transfers`. */
  readonly id?: string | undefined
}

/** In the order of the keys 1 to 4. */
export const screens: readonly Screen[] = ['transfers', 'shares', 'peers', 'history']

const idPattern = /^\w{1,64}$/

/** What is not known is the list of transfers. */
export function parseRoute(hash: string): Route {
  const [, name = '', id] = hash.replace(/^#/, '').split('/')
  const screen = screens.find((each) => each === name) ?? 'transfers'
  return screen === 'transfers' && id !== undefined && idPattern.test(id) ? { screen, id } : { screen }
}

export function formatRoute({ screen, id }: Route): string {
  return id === undefined ? `#/${screen}` : `#/${screen}/${id}`
}

const tokenPattern = /^[\w-]{16,256}$/

/** The token of an address such as `http://127.0.0.1:7877/#token=…`; undefined when there is none. */
export function tokenOf(hash: string): string | undefined {
  const token = new URLSearchParams(hash.replace(/^#/, '')).get('token')
  return token !== null && tokenPattern.test(token) ? token : undefined
}
