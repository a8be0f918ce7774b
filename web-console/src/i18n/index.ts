// Two languages, switched without a reload: a reload in a call is not acceptable. One namespace per feature; all of a language
// comes in one file, loaded before the first paint.
import i18next, { type i18n } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { readSetting, writeSetting } from '@/lib/storage'

export const LANGUAGES = ['en', 'es'] as const
export type Language = (typeof LANGUAGES)[number]

/** What each language calls itself. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', es: 'Español' }

const PRELOAD_MS = 3_000

type Bundle = Readonly<Record<string, object>>

const loaders: Record<Language, () => Promise<{ default: Bundle }>> = {
  en: () => import('./en'),
  es: () => import('./es'),
}

export function isLanguage(text: string | null | undefined): text is Language {
  return text === 'en' || text === 'es'
}

/** The user's choice, else the browser's first language that we speak. */
export function preferredLanguage(): Language {
  const chosen = readSetting('language')
  if (isLanguage(chosen)) return chosen
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage)
  return spoken ?? 'en'
}

export async function startI18n(): Promise<i18n> {
  const language = preferredLanguage()
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    defaultNS: 'common',
    resources: {},
    interpolation: { escapeValue: false },
    returnNull: false,
  })
  await load(language)
  document.documentElement.lang = language
  return i18next
}

/** Fetches the other language while nothing is to be done, so that the switch works without a network too. */
export function preloadLanguages(): void {
  setTimeout(() => {
    for (const language of LANGUAGES) void load(language).catch(() => {})
  }, PRELOAD_MS)
}

export async function changeLanguage(language: Language): Promise<void> {
  await load(language)
  writeSetting('language', language)
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, 'common')) return
  const { default: bundle } = await loaders[language]()
  for (const [namespace, texts] of Object.entries(bundle)) i18next.addResourceBundle(language, namespace, texts)
}
