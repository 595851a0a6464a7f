/** Makes keys do what `shortcutOf` says; never while something is typed or a dialog is open. */
import { useEffect } from 'react'
import type { JobView } from '../../jobs/engine-types.ts'
import { formatRoute } from '../model/routes.ts'
import { shortcutOf } from '../model/shortcuts.ts'
import { askToStop } from './job-actions.tsx'
import type { Page } from './page-context.ts'

export interface ShortcutTargets {
  readonly isOn: boolean
  readonly page: Page
  /** That of the details, or else that which has the focus. */
  readonly job: JobView | undefined
  readonly changeTheme: () => void
  readonly help: () => void
}

export function useShortcuts({ isOn, page, job, changeTheme, help }: ShortcutTargets): void {
  useEffect(() => {
    if (!isOn) return undefined
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event.target)) return
      const shortcut = shortcutOf(event)
      if (!shortcut) return
      event.preventDefault()
      const target = job ?? focusedJob(page)
      const { api, act } = page
      switch (shortcut.do) {
        case 'screen':
          location.hash = formatRoute({ screen: shortcut.screen })
          break
        case 'move':
          moveFocus(shortcut.by)
          break
        case 'receive':
        case 'share':
        case 'sync':
          page.openStart(shortcut.do)
          break
        case 'pause':
          if (target?.canPause) void act(() => api.pause(target.id))
          else if (target?.canResume) void act(() => api.resume(target.id))
          break
        case 'cancel':
          if (target?.canCancel) askToStop(page, target)
          break
        case 'retry':
          if (target?.canRetry) void act(() => api.retry(target.id))
          break
        case 'copy':
          document.querySelector<HTMLButtonElement>('[data-key=copy]')?.click()
          break
        case 'theme':
          changeTheme()
          break
        case 'help':
          help()
          break
        case 'back':
          location.hash = formatRoute({ screen: 'transfers' })
          break
      }
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [isOn, page, job, changeTheme, help])
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null
}

const rowLinks = (): HTMLAnchorElement[] => [...document.querySelectorAll<HTMLAnchorElement>('a.row-link')]

function moveFocus(by: number): void {
  const links = rowLinks()
  const at = links.findIndex((link) => link === document.activeElement)
  links[at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by))]?.focus()
}

function focusedJob({ store }: Page): JobView | undefined {
  const link = rowLinks().find((each) => each === document.activeElement)
  return store.getState().jobs.find(({ id }) => link?.hash === formatRoute({ screen: 'transfers', id }))
}
