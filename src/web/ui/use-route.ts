/** The screen that the address names. */
import { useEffect, useState } from 'react'
import type { Route } from '../model/routes.ts'
import { parseRoute } from '../model/routes.ts'

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const look = (): void => setHash(location.hash)
    addEventListener('hashchange', look)
    return () => removeEventListener('hashchange', look)
  }, [])
  return parseRoute(hash)
}
