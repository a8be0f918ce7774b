// Times that run. One ticker for the whole page; readers are told of states, not of seconds.
import { clockText } from '@/i18n/format'
import { useNow } from '@/lib/use-live'
import { cx } from './cx'

/** Counts up from `since`. */
export function Elapsed({ since, className }: { since: string | number; className?: string }) {
  const now = useNow()
  return (
    <span role="timer" aria-live="off" className={cx('tabular-nums', className)}>
      {clockText(now - new Date(since).getTime())}
    </span>
  )
}

/** Counts down to `until`; past it, counts up with a minus sign. */
export function Countdown({ until, className }: { until: string | number; className?: string }) {
  const left = new Date(until).getTime() - useNow()
  return (
    <span role="timer" aria-live="off" className={cx('tabular-nums', className)}>
      {left < 0 ? `−${clockText(-left)}` : clockText(left + 999)}
    </span>
  )
}
