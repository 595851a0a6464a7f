/** What all parts of the page use: the state, the daemon, and how something is begun that may fail. */
import { createContext, useCallback, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import type { PageState } from '../model/page-state.ts'
import type { StartKind } from '../model/forms.ts'
import { ApiError, type PageApi } from '../server/api.ts'
import type { PageStore } from '../server/page-store.ts'

export interface Page {
  readonly store: PageStore
  readonly api: PageApi
  /** Opens the form that starts one. */
  openStart(kind: StartKind): void
  /** Opens the dialog that follows a job. */
  watch(id: string): void
  /** Asks before what cannot be taken back. */
  confirm(question: Question): void
  /** Begins something, and tells when it fails. Resolves to whether it went well. */
  act(what: () => Promise<unknown>, said?: string): Promise<boolean>
}

export interface Question {
  readonly title: string
  readonly text: string
  /** What the button says. */
  readonly verb: string
  readonly onYes: () => void
}

export const PageContext: React.Context<Page | undefined> = createContext<Page | undefined>(undefined)

export function usePage(): Page {
  const page = useContext(PageContext)
  if (!page) throw new Error('outside of the page')
  return page
}

export function usePageState(): PageState {
  const { store } = usePage()
  return useSyncExternalStore(store.subscribe, store.getState)
}

/** What to tell of a failure. */
export function failureWords(error: unknown): { readonly text: string; readonly hint?: string | undefined } {
  const text = error instanceof Error ? error.message : String(error)
  return error instanceof ApiError ? { text, hint: error.hint } : { text }
}

/** What a table is asked again so often while it is looked at. */
const refreshMs = 2000

export interface Table<Row> {
  /** Undefined before the first answer. */
  readonly rows: readonly Row[] | undefined
  readonly error: string | undefined
  readonly reload: () => void
}

/** A table that no stream tells of, asked anew as long as the page is seen. `ask` must stay the same. */
export function useTable<Row>(ask: () => Promise<readonly Row[]>): Table<Row> {
  const [rows, setRows] = useState<readonly Row[]>()
  const [error, setError] = useState<string>()
  const [turn, setTurn] = useState(0)
  const reload = useCallback(() => setTurn((before) => before + 1), [])
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let isGone = false
    async function load(): Promise<void> {
      if (!document.hidden)
        try {
          const next = await ask()
          if (isGone) return
          setRows(next)
          setError(undefined)
        } catch (caught) {
          if (!isGone) setError(failureWords(caught).text)
        }
      if (!isGone) timer = setTimeout(() => void load(), refreshMs)
    }
    void load()
    return () => {
      isGone = true
      clearTimeout(timer)
    }
  }, [ask, turn])
  return { rows, error, reload }
}
