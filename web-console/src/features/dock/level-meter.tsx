import { useEffect, useRef } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { phone } from '@/phone/softphone'
import { cx } from '@/ui'

const BARS = 4
const EVERY_MS = 150

/** How loud the own microphone is while a call runs. Painted without React: it changes seven times a second. */
export function LevelMeter({ isLive, isMuted }: { isLive: boolean; isMuted: boolean }) {
  const { t } = useTexts('dock')
  const bars = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    if (!isLive) return
    const timer = setInterval(async () => {
      const level = isMuted ? 0 : await phone.level()
      // Speech lies between 0.01 and 0.3; the scale is logarithmic, as ears are.
      const lit = level <= 0.004 ? 0 : Math.min(BARS, Math.ceil((Math.log10(level) + 2.4) * 2))
      for (const [i, bar] of [...(bars.current?.children ?? [])].entries()) bar.toggleAttribute('data-lit', i < lit)
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [isLive, isMuted])
  return (
    <span ref={bars} role="img" aria-label={t('microphone_level')} className={cx('mr-1 flex h-6 items-end gap-0.5', !isLive && 'invisible')}>
      {Array.from({ length: BARS }, (_, i) => (
        <span key={i} style={{ height: `${40 + i * 20}%` }} className="w-1 rounded-sm bg-line-strong data-lit:bg-good" />
      ))}
    </span>
  )
}
