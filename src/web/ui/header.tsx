/** The top of the page: where one is, how fast everything is, and how the connection stands. */
import { formatRate } from '../../shared/units.ts'
import { connectionWords } from '../model/connection.ts'
import { totalsOf } from '../model/figures.ts'
import type { Route, Screen } from '../model/routes.ts'
import { formatRoute, screens } from '../model/routes.ts'
import type { Theme } from '../server/settings.ts'
import { usePage, usePageState } from './page-context.ts'
import { Chip } from './text.tsx'

const names: Readonly<Record<Screen, string>> = {
  transfers: 'Transfers',
  shares: 'Shares',
  peers: 'Peers',
  history: 'History',
}

const themeMarks: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' }

export interface HeaderProps {
  readonly route: Route
  readonly theme: Theme
  readonly onTheme: () => void
  readonly onHelp: () => void
}

export function Header({ route, theme, onTheme, onHelp }: HeaderProps): React.ReactElement {
  const { openStart } = usePage()
  const state = usePageState()
  const { downRate, upRate } = totalsOf(state.jobs)
  const { text, tone } = connectionWords(state)
  return (
    <header className="top">
      <div className="top-row">
        <a className="brand" href={formatRoute({ screen: 'transfers' })}>
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <h1>ferry</h1>
        </a>
        <p className="rates" aria-label="Speed of everything">
          <span title="receiving">↓ {formatRate(downRate)}</span>
          <span title="sending">↑ {formatRate(upRate)}</span>
        </p>
        <span className="badge" data-connection={tone}>
          <Chip tone={tone} text={text} />
        </span>
        <button
          type="button"
          className="icon-button"
          aria-label={`Colours: ${theme}`}
          title={`Colours: ${theme} (t)`}
          onClick={onTheme}
        >
          {themeMarks[theme]}
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Keys and words"
          title="Keys (?)"
          onClick={onHelp}
        >
          ?
        </button>
      </div>
      <div className="top-row">
        <nav aria-label="Screens">
          {screens.map((screen) => (
            <a
              key={screen}
              href={formatRoute({ screen })}
              {...(route.screen === screen && { 'aria-current': 'page' as const })}
            >
              {names[screen]}
            </a>
          ))}
        </nav>
        <div className="buttons start-buttons">
          <button type="button" onClick={() => openStart('share')}>
            Share…
          </button>
          <button type="button" onClick={() => openStart('sync')}>
            Sync…
          </button>
          <button type="button" className="main-button" onClick={() => openStart('receive')}>
            Receive…
          </button>
        </div>
      </div>
    </header>
  )
}
