// Light and dark: the system's choice until the user makes one.
import { createStore } from 'zustand/vanilla'
import { readSetting, writeSetting } from './storage'

export type Theme = 'light' | 'dark'

/** What is shown; every switch of it reads it here. */
export const themeStore = createStore<Theme>(preferredTheme)

function preferredTheme(): Theme {
  const chosen = readSetting('theme')
  if (chosen === 'light' || chosen === 'dark') return chosen
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

export function showTheme(): void {
  document.documentElement.dataset.theme = themeStore.getState()
}

export function otherTheme(theme: Theme): Theme {
  return theme === 'dark' ? 'light' : 'dark'
}

export function chooseTheme(theme: Theme): void {
  writeSetting('theme', theme)
  themeStore.setState(theme, true)
  showTheme()
}
