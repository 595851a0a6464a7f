/** Begins the page: the token out of the address, the store, and the first picture. */
import { createRoot } from 'react-dom/client'
import { readTheme, showTheme } from './server/settings.ts'
import { takeToken } from './server/token-storage.ts'
import { App } from './ui/app.tsx'

showTheme(readTheme())
const root = createRoot(document.getElementById('root') as HTMLElement)

/** Anew with every token, so that nothing of an old one stays. */
function show(token: string | undefined): void {
  root.render(<App key={token} token={token} onToken={show} />)
}

show(takeToken())
// A fresh address, pasted into the same tab, changes nothing but what is behind the #.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) show(takeToken())
})
