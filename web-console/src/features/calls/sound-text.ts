// How a party of a call sounded, in figures: the opinion first, then what the network did.
import type { Schemas } from '@/api/types'
import { numberText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'

type AudioQuality = Schemas['AudioQuality']

/** Borders of satisfaction (ITU-T G.109), as mean opinion scores. */
function wordOf(mos: number): 'good' | 'fair' | 'poor' | 'bad' {
  if (mos >= 4.03) return 'good'
  if (mos >= 3.6) return 'fair'
  return mos >= 2.58 ? 'poor' : 'bad'
}

export function useSoundText(): (quality: AudioQuality) => string {
  const { t, i18n } = useTexts('calls')
  const number = (value: number) => numberText(value, i18n.language)
  return (quality) => {
    if (quality.packets === 0) return t('sound.nothing')
    const parts = [
      quality.mos == null ? t('sound.short') : t('sound.mos', { mos: number(quality.mos), word: t(`sound.${wordOf(quality.mos)}`) }),
      t('sound.lost', { percent: number(quality.lost_percent) }),
    ]
    if (quality.late_percent > 0) parts.push(t('sound.late', { percent: number(quality.late_percent) }))
    parts.push(t('sound.jitter', { ms: number(quality.jitter_ms) }))
    if (quality.round_trip_ms != null) parts.push(t('sound.round_trip', { ms: number(quality.round_trip_ms) }))
    if (quality.mos_heard != null && quality.heard_lost_percent != null) {
      parts.push(t('sound.heard', { mos: number(quality.mos_heard), percent: number(quality.heard_lost_percent) }))
    }
    if (quality.mos_told != null) parts.push(t('sound.told', { mos: number(quality.mos_told) }))
    if (quality.heard_late_percent != null && quality.heard_late_percent > 0) parts.push(t('sound.heard_late', { percent: number(quality.heard_late_percent) }))
    return parts.join(', ')
  }
}
