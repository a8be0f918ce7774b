// Light and dark: the system's choice until the user makes one.
import { readSetting, writeSetting } from './storage'

export type Theme = 'light' | 'dark'

export function currentTheme(): Theme {
  const chosen = readSetting('theme')
  if (chosen === 'light' || chosen === 'dark') return chosen
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme
}

export function chooseTheme(theme: Theme): void {
  writeSetting('theme', theme)
  applyTheme(theme)
}
