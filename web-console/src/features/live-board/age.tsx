// How old the figures of a board are. A board that stands still must not look alive.
import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { exactTimeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { useNow } from '@/lib/use-live'
import { boardStore, DEAD_MS, STALE_MS } from '@/live/stores/board'
import { cx } from '@/ui'

type Age = 'fresh' | 'stale' | 'dead'

function useAge(): { at: number | null; age: Age } {
  const now = useNow()
  const { at } = boardStore
  const ms = at === null ? 0 : now - at
  return { at, age: ms > DEAD_MS ? 'dead' : ms > STALE_MS ? 'stale' : 'fresh' }
}

/** When the figures were taken; after a while without news it cannot be overlooked. */
export function AsOf({ isFrozen, className }: { isFrozen: boolean; className?: string }) {
  const { t, i18n } = useTexts('live-board')
  const { at, age } = useAge()
  if (at === null) return null
  const isDead = age === 'dead' && !isFrozen
  return (
    <p
      role="status"
      aria-live={isDead ? 'polite' : 'off'}
      data-testid="board-age"
      data-age={isFrozen ? 'frozen' : age}
      className={cx('flex items-center gap-1.5 rounded-md px-2 py-1', isDead ? 'bg-alarm font-semibold text-on-alarm' : age === 'stale' || isFrozen ? 'text-ink-3' : 'text-ink-2', className)}
    >
      {isDead && <TriangleAlert size={15} aria-hidden className="shrink-0" />}
      {t(isFrozen ? 'frozen_at' : isDead ? 'dead' : 'as_of', { at: exactTimeText(at, i18n.language) })}
    </p>
  )
}

/** The figures: grey as soon as they are old. */
export function Figures({ isFrozen, children, className }: { isFrozen: boolean; children: ReactNode; className: string }) {
  const { age } = useAge()
  return <div className={cx(className, age !== 'fresh' && !isFrozen && 'stale')}>{children}</div>
}
