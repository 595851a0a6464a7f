/** What this browser remembers of how the page is to look and what was typed last. Nothing secret. */

export type Theme = 'system' | 'light' | 'dark'

const themes: readonly Theme[] = ['system', 'light', 'dark']

/** A browser may forbid to keep anything; then nothing is kept. */
export function readSetting(name: string): string | undefined {
  try {
    return localStorage.getItem(`ferry.${name}`) ?? undefined
  } catch {
    return undefined
  }
}

export function keepSetting(name: string, value: string): void {
  try {
    localStorage.setItem(`ferry.${name}`, value)
  } catch {
    // It holds until the page is closed.
  }
}

export function readTheme(): Theme {
  return themes.find((theme) => theme === readSetting('theme')) ?? 'system'
}

export function nextTheme(theme: Theme): Theme {
  return themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
}

/** The style sheet reads it from the root element. */
export function showTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}
