/** What has just happened: seen for some seconds, and said to who listens. */
import { useEffect, useRef } from 'react'
import { escapeText } from '../../shared/terminal-text.ts'
import type { Announcer } from '../model/announcer.ts'
import { createAnnouncer } from '../model/announcer.ts'
import { connectionWords } from '../model/connection.ts'
import { formatRoute } from '../model/routes.ts'
import { browserClock } from '../server/browser-clock.ts'
import { usePage, usePageState } from './page-context.ts'

export function Notices(): React.ReactElement {
  const { store } = usePage()
  const state = usePageState()
  const { notices } = state
  const status = useRef<HTMLParagraphElement>(null)
  const announcer = useRef<Announcer>(undefined)
  useEffect(() => {
    const made = createAnnouncer(browserClock, (text) => {
      if (status.current) status.current.textContent = text
    })
    announcer.current = made
    return () => made.close()
  }, [])
  const newest = notices.at(-1)
  useEffect(() => {
    if (newest) announcer.current?.say(escapeText(newest.text))
  }, [newest])
  // The seconds until the next try are for the eye.
  const connection = connectionWords({ ...state, retryAtMs: undefined }).text
  useEffect(() => announcer.current?.say(`Connection: ${connection}`), [connection])
  return (
    <>
      <p ref={status} className="only-heard" role="status" aria-live="polite" />
      <ul className="notices">
        {notices.map(({ key, tone, text, hint, id }) => (
          <li key={key} className={tone}>
            <p>
              {escapeText(text)}
              {hint !== undefined && <span className="muted"> Next: {escapeText(hint)}</span>}
            </p>
            {id !== undefined && <a href={formatRoute({ screen: 'transfers', id })}>Show</a>}
            <button
              type="button"
              className="icon-button"
              aria-label="Dismiss"
              onClick={() => store.dispatch({ type: 'dismiss', key })}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
