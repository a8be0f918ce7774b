// The four figures that prompt an action, over all queues: what they are, how they should be, and whether they are not.
import { useSyncExternalStore } from 'react'
import { clockText, percentText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { useNow } from '@/lib/use-live'
import { boardStore } from '@/live/stores/board'
import { levelOfAll, longestWait } from './figures'

/** Longer than twice the promise: somebody should look. */
const WAIT_FACTOR = 2

export interface SummaryFigure {
  key: 'waiting' | 'longest' | 'service_level' | 'agents'
  name: string
  value: string
  /** The target, or what the figure is seen against. */
  note: string
  isBad: boolean
  /** What is wrong, in words. */
  badText: string
}

export function useSummary(ids: readonly string[], agents: readonly string[]): readonly SummaryFigure[] {
  const { t, i18n } = useTexts('live-board')
  const now = useNow()
  useSyncExternalStore(boardStore.onAny, boardStore.turn)
  const queues = ids.flatMap((id) => boardStore.queue(id) ?? [])
  const waiting = queues.reduce((sum, queue) => sum + queue.live.waiting, 0)
  const longest = Math.max(0, ...queues.map((queue) => longestWait(queue, now)))
  const { share: level, definition } = levelOfAll(queues)
  const goal = queues.length > 0 ? queues.reduce((sum, queue) => sum + queue.service_level_percent, 0) / queues.length : 80
  const promise = Math.min(...queues.map((queue) => queue.service_level_secs), Number.POSITIVE_INFINITY)
  const signedIn = agents.flatMap((id) => boardStore.agent(id) ?? []).filter((agent) => agent.presence.state !== 'offline')
  const ready = signedIn.filter((agent) => agent.presence.state === 'ready').length
  return [
    { key: 'waiting', name: t('summary.waiting'), value: String(waiting), note: t('summary.waiting_note', { ready }), isBad: waiting > 0 && ready === 0, badText: t('summary.nobody_ready') },
    {
      key: 'longest',
      name: t('summary.longest'),
      value: clockText(longest),
      note: t('summary.promise', { time: Number.isFinite(promise) ? clockText(promise * 1000) : '–' }),
      isBad: Number.isFinite(promise) && longest > promise * 1000 * WAIT_FACTOR,
      badText: t('summary.too_long'),
    },
    {
      key: 'service_level',
      name: t('summary.service_level'),
      value: level === undefined ? '–' : percentText(level, 1, i18n.language),
      note: `${definition ? t('definition', definition) : t('own_definitions')} · ${t('summary.goal', { percent: percentText(goal, 100, i18n.language) })}`,
      isBad: level !== undefined && level * 100 < goal,
      badText: t('summary.below'),
    },
    { key: 'agents', name: t('summary.agents'), value: `${ready} / ${signedIn.length}`, note: t('summary.agents_note'), isBad: false, badText: '' },
  ]
}
