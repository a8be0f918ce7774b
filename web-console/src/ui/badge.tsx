import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from './cx'

export type BadgeTone = 'neutral' | 'accent' | 'good' | 'warn' | 'bad'

const TONES: Record<BadgeTone, string> = {
  neutral: 'bg-chip text-ink-2',
  accent: 'bg-accent-soft text-accent-ink',
  good: 'bg-good-soft text-good-ink',
  warn: 'bg-warn-soft text-warn-ink',
  bad: 'bg-bad-soft text-bad-ink',
}

/** A word for a state; colour only repeats what the word says. */
export function Badge({ tone = 'neutral', icon: Icon, children, className }: { tone?: BadgeTone; icon?: LucideIcon; children: ReactNode; className?: string }) {
  return (
    <span className={cx('inline-flex h-5 max-w-full items-center gap-1 rounded-sm px-1.5 text-xs font-medium whitespace-nowrap', TONES[tone], className)}>
      {Icon && <Icon size={12} aria-hidden className="shrink-0" />}
      <span className="truncate">{children}</span>
    </span>
  )
}

const DOTS: Record<BadgeTone, string> = {
  neutral: 'size-2 rounded-full border-2 border-ink-3',
  accent: 'size-2.5 -mx-px [clip-path:polygon(12%_0,100%_50%,12%_100%)] bg-accent',
  good: 'size-2 rounded-full bg-good',
  warn: 'size-2 rounded-[1px] bg-warn',
  bad: 'size-2 rotate-45 rounded-[1px] bg-bad',
}

/** A mark beside a word. Each state has its own shape too: ring, triangle, circle, square, diamond. All take 8 px of the line. */
export function Dot({ tone }: { tone: BadgeTone }) {
  return <span aria-hidden className={cx('inline-block shrink-0', DOTS[tone])} />
}
