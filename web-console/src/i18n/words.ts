// Words for what the server names by key. Read in a view that listens to the language by itself.
import i18next from 'i18next'
import { inLanguage } from '@/api/queries'
import type { PauseReason } from '@/api/types'
import type { Presence } from '@/live/protocol'

/** The state in words; a pause by its reason. */
export function presenceText(presence: Presence, reasons: readonly PauseReason[], language: string): string {
  // Of colleagues one is told only that they pause.
  if (presence.state !== 'paused' || presence.reason === '') return i18next.t(`presence.${presence.state}`)
  if (presence.reason === 'missed' || presence.reason === 'device') return i18next.t(`pause.${presence.reason}`)
  const reason = reasons.find((one) => one.id === presence.reason)
  return reason ? inLanguage(reason.names, language) : presence.reason
}

/** Segments are keys that a centre may add to; ours have words. */
export function segmentText(segment: string): string {
  return segment === 'gold' || segment === 'silver' || segment === 'standard' ? i18next.t(`segment.${segment}`) : segment
}

/** A language by its code. */
export function languageText(code: string): string {
  return code === 'es' || code === 'en' ? i18next.t(`language_name.${code}`) : code
}

/** A node or reason key as words: `billing-duplicate` → `billing duplicate`. */
export function keyText(key: string): string {
  const text = key.replaceAll(/[-_.]+/g, ' ').trim()
  return text.charAt(0).toUpperCase() + text.slice(1)
}
