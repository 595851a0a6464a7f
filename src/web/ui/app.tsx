/** The page as a whole: what it follows, which screen and dialog is seen, and what keys do. */
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { StartKind } from '../model/forms.ts'
import { pageTitle, totalsOf } from '../model/figures.ts'
import { createPageApi } from '../server/api.ts'
import { browserClock } from '../server/browser-clock.ts'
import { createPageStore } from '../server/page-store.ts'
import { keepSetting, nextTheme, readSetting, readTheme, showTheme } from '../server/settings.ts'
import { dropToken, keepToken } from '../server/token-storage.ts'
import { Header } from './header.tsx'
import { KeyForm } from './key-form.tsx'
import { Notices } from './notices.tsx'
import { failureWords, PageContext, usePage, usePageState, type Page, type Question } from './page-context.ts'
import { ProgressDialog } from './progress-dialog.tsx'
import { HistoryScreen, PeersScreen, SharesScreen } from './screens.tsx'
import { ConfirmDialog, HelpDialog } from './small-dialogs.tsx'
import { SpeedGraph } from './speed-graph.tsx'
import { StartDialog } from './start-dialog.tsx'
import { TransferDetails } from './transfer-details.tsx'
import { TransferList } from './transfer-list.tsx'
import { useIsHidden } from './use-job-progress.ts'
import { useRoute } from './use-route.ts'
import { useShortcuts } from './use-shortcuts.ts'

export interface AppProps {
  readonly token: string | undefined
  readonly onToken: (token: string | undefined) => void
}

type Dialog =
  | { readonly show: 'start'; readonly kind: StartKind }
  | { readonly show: 'progress'; readonly id: string }
  | { readonly show: 'confirm'; readonly question: Question }
  | { readonly show: 'help' }

export function App({ token, onToken }: AppProps): React.ReactElement {
  const take = (typed: string): void => {
    keepToken(typed)
    onToken(typed)
  }
  return token === undefined ? (
    <KeyForm refusal={undefined} onToken={take} />
  ) : (
    <Connected token={token} onToken={take} />
  )
}

function Connected({
  token,
  onToken,
}: {
  readonly token: string
  readonly onToken: (token: string) => void
}): React.ReactElement {
  const [dialog, setDialog] = useState<Dialog>()
  const page = useMemo<Page>(() => {
    const api = createPageApi(token, (...args) => fetch(...args))
    const store = createPageStore({ source: api.changes, clock: browserClock })
    const tell = (
      tone: 'good' | 'bad',
      words: { readonly text: string; readonly hint?: string | undefined },
    ): void => store.dispatch({ type: 'notice', notice: { ...words, tone, atMs: Date.now() } })
    return {
      api,
      store,
      openStart: (kind) => setDialog({ show: 'start', kind }),
      watch: (id) => setDialog({ show: 'progress', id }),
      confirm: (question) => setDialog({ show: 'confirm', question }),
      async act(what, said) {
        try {
          await what()
          if (said !== undefined) tell('good', { text: said })
          return true
        } catch (error) {
          tell('bad', failureWords(error))
          return false
        }
      },
    }
  }, [token])
  const isHidden = useIsHidden()
  useEffect(() => {
    page.store.follow(isHidden)
    return () => page.store.stop()
  }, [page, isHidden])
  return (
    <PageContext value={page}>
      <Screens dialog={dialog} setDialog={setDialog} onToken={onToken} />
    </PageContext>
  )
}

interface ScreensProps {
  readonly dialog: Dialog | undefined
  readonly setDialog: (dialog: Dialog | undefined) => void
  readonly onToken: (token: string) => void
}

function Screens({ dialog, setDialog, onToken }: ScreensProps): React.ReactElement {
  const page = usePage()
  const { jobs, isLoaded, refusal, series, nowMs } = usePageState()
  const route = useRoute()
  const [theme, setTheme] = useState(readTheme)
  const [hasShortcuts, setHasShortcuts] = useState(readSetting('shortcuts') !== 'off')
  const close = useCallback(() => setDialog(undefined), [setDialog])
  const changeTheme = useCallback(() => {
    setTheme((before) => {
      const next = nextTheme(before)
      keepSetting('theme', next)
      showTheme(next)
      return next
    })
  }, [])
  const help = useCallback(() => setDialog({ show: 'help' }), [setDialog])
  const selected = route.id === undefined ? undefined : jobs.find(({ id }) => id === route.id)
  useShortcuts({ isOn: hasShortcuts && dialog === undefined, page, job: selected, changeTheme, help })
  const title = pageTitle(totalsOf(jobs))
  useEffect(() => {
    document.title = title
  }, [title])
  useEffect(() => {
    if (refusal !== undefined) dropToken()
  }, [refusal])
  if (refusal !== undefined) return <KeyForm refusal={refusal} onToken={onToken} />
  return (
    <>
      <Header route={route} theme={theme} onTheme={changeTheme} onHelp={help} />
      <main className={selected ? 'with-details' : ''}>
        {route.screen === 'transfers' && (
          <>
            <div className="list">
              {isLoaded ? (
                <TransferList jobs={jobs} selected={selected?.id} />
              ) : (
                <p className="empty muted">Asking the daemon…</p>
              )}
              {jobs.length > 0 && (
                <section className="overview" aria-label="Everything">
                  <SpeedGraph
                    lines={[
                      { label: '↓', series: series.get('down') ?? [] },
                      { label: '↑', series: series.get('up') ?? [] },
                    ]}
                    nowMs={nowMs}
                  />
                </section>
              )}
            </div>
            {selected && <TransferDetails key={`${selected.id} ${selected.attempts}`} job={selected} />}
            {isLoaded && route.id !== undefined && !selected && (
              <p className="empty muted">That transfer is not in the list any more; see the history.</p>
            )}
          </>
        )}
        {route.screen === 'shares' && <SharesScreen />}
        {route.screen === 'peers' && <PeersScreen />}
        {route.screen === 'history' && <HistoryScreen />}
      </main>
      <Notices />
      {dialog?.show === 'start' && <StartDialog kind={dialog.kind} onClose={close} />}
      {dialog?.show === 'progress' && <ProgressDialog key={dialog.id} id={dialog.id} onClose={close} />}
      {dialog?.show === 'confirm' && <ConfirmDialog question={dialog.question} onClose={close} />}
      {dialog?.show === 'help' && (
        <HelpDialog
          hasShortcuts={hasShortcuts}
          onShortcuts={(on) => {
            keepSetting('shortcuts', on ? 'on' : 'off')
            setHasShortcuts(on)
          }}
          onClose={close}
        />
      )}
    </>
  )
}
