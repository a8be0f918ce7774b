import { useSyncExternalStore } from 'react'
import { clockText, percentText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { useNow } from '@/lib/use-live'
import { boardStore } from '@/live/stores/board'
import { cx } from '@/ui'
import { addCounts, longestWait, serviceLevel } from './figures'
import { useSteady } from './use-steady'

/** Longer than twice the promise: somebody should look. */
const WAIT_FACTOR = 2

/** The four figures that prompt an action, over all queues. */
export function Summary({ queues: ids, agents }: { queues: readonly string[]; agents: readonly string[] }) {
  const { t, i18n } = useTexts('live-board')
  const now = useNow()
  // The figures change with the rows; once a second is often enough for sums.
  useSyncExternalStore(boardStore.onAny, boardStore.turn)
  const queues = ids.flatMap((id) => boardStore.queue(id) ?? [])
  const waiting = queues.reduce((sum, queue) => sum + queue.live.waiting, 0)
  const longest = Math.max(0, ...queues.map((queue) => longestWait(queue, now)))
  const interval = addCounts(queues.map((queue) => queue.interval))
  const level = serviceLevel(interval)
  const goal = queues.length > 0 ? queues.reduce((sum, queue) => sum + queue.service_level_percent, 0) / queues.length : 80
  const promise = Math.min(...queues.map((queue) => queue.service_level_secs), Number.POSITIVE_INFINITY)
  const signedIn = agents.flatMap((id) => boardStore.agent(id) ?? []).filter((agent) => agent.presence.state !== 'offline')
  const ready = signedIn.filter((agent) => agent.presence.state === 'ready').length
  return (
    <dl className="grid shrink-0 grid-cols-2 border-b border-line lg:grid-cols-4">
      <Figure name={t('summary.waiting')} value={String(waiting)} note={t('summary.waiting_note', { ready })} isBad={waiting > 0 && ready === 0} badText={t('summary.nobody_ready')} />
      <Figure
        name={t('summary.longest')}
        value={clockText(longest)}
        note={t('summary.promise', { time: Number.isFinite(promise) ? clockText(promise * 1000) : '–' })}
        isBad={Number.isFinite(promise) && longest > promise * 1000 * WAIT_FACTOR}
        badText={t('summary.too_long')}
      />
      <Figure
        name={t('summary.service_level')}
        value={level === undefined ? '–' : percentText(level, 1, i18n.language)}
        note={t('summary.goal', { percent: percentText(goal, 100, i18n.language) })}
        isBad={level !== undefined && level * 100 < goal}
        badText={t('summary.below')}
      />
      <Figure name={t('summary.agents')} value={`${ready} / ${signedIn.length}`} note={t('summary.agents_note')} isBad={false} badText="" />
    </dl>
  )
}

function Figure({ name, value, note, isBad, badText }: { name: string; value: string; note: string; isBad: boolean; badText: string }) {
  const isAlarm = useSteady(isBad)
  return (
    <div className={cx('border-r border-line px-4 py-2.5 last:border-r-0', isAlarm && 'bg-bad-soft text-bad-ink')}>
      <dt className="text-xs">{name}</dt>
      <dd className="flex items-baseline gap-2">
        <span className="text-xl font-semibold tabular-nums">{value}</span>
        <span className={cx('truncate text-xs', !isAlarm && 'text-ink-3')}>{isAlarm ? `▲ ${badText}` : note}</span>
      </dd>
    </div>
  )
}
