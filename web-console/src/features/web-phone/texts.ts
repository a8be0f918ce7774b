// The web phone's texts. Two small files, so it carries no translation library.
import en from './i18n/en.json'
import es from './i18n/es.json'
import { readSetting, writeSetting } from '@/lib/storage'

export type Texts = typeof en
export type Language = 'en' | 'es'

export const TEXTS: Record<Language, Texts> = { en, es }

export function firstLanguage(): Language {
  const asked = new URLSearchParams(location.search).get('lang') ?? readSetting('language')
  if (asked === 'en' || asked === 'es') return asked
  return navigator.languages.some((tag) => tag.startsWith('es')) ? 'es' : 'en'
}

export function keepLanguage(language: Language): void {
  writeSetting('language', language)
  document.documentElement.lang = language
}

/** A text by a key that came over the wire; unknown keys have a general one. */
export function byKey(texts: Readonly<Record<string, string>>, key: string): string {
  return texts[key] ?? texts.other ?? key
}
