import { Voicemail } from 'lucide-react'
import { useTexts } from '@/i18n/use-texts'
import { clockText, numberText, percentText, waitRangeText } from '@/i18n/format'
import { boardStore } from '@/live/stores/board'
import { cx } from '@/ui'
import { byNeed, definitionOf, levelOf, type ServiceLevel } from './figures'
import { useQueueState } from './use-queue-state'
import { useSlowOrder } from './use-slow-order'
import { useSteady } from './use-steady'

const TRACKS = 'grid grid-cols-[minmax(132px,2fr)_64px_64px_80px_96px_minmax(128px,1.4fr)_88px_64px_repeat(4,minmax(68px,1fr))] items-center gap-3 px-4'

export function QueuesTable({ ids }: { ids: readonly string[] }) {
  const { t } = useTexts('live-board')
  const ordered = useSlowOrder(ids, (now) => {
    const order = byNeed(now)
    return (a, b) => {
      const [one, two] = [boardStore.queue(a), boardStore.queue(b)]
      return one && two ? order(one, two) : 0
    }
  })
  return (
    <div role="table" aria-label={t('queues.title')} className="max-h-[45%] shrink-0 overflow-auto">
      <div role="row" className={cx(TRACKS, 'sticky top-0 z-10 h-7 border-b border-line bg-surface text-xs text-ink-3')}>
        <span role="columnheader">{t('queues.queue')}</span>
        <span role="columnheader" className="text-right">{t('queues.waiting')}</span>
        <span role="columnheader" className="truncate text-right" title={t('queues.callbacks_long')}>{t('queues.callbacks')}</span>
        <span role="columnheader" className="text-right">{t('queues.longest')}</span>
        <span role="columnheader" className="truncate text-right" title={t('queues.expected_long')}>{t('queues.expected')}</span>
        <span role="columnheader" className="truncate" title={t('queues.service_level_long')}>{t('queues.service_level')}</span>
        <span role="columnheader" className="text-right" title={t('queues.ready_long')}>{t('queues.ready')}</span>
        <span role="columnheader" className="text-right">{t('queues.talking')}</span>
        <span role="columnheader" className="truncate text-right">{t('queues.offered')}</span>
        <span role="columnheader" className="truncate text-right">{t('queues.answered')}</span>
        <span role="columnheader" className="truncate text-right">{t('queues.abandoned')}</span>
        <span role="columnheader" className="truncate text-right">{t('queues.today_level')}</span>
      </div>
      {ordered.map((id) => (
        <QueueRow key={id} id={id} />
      ))}
    </div>
  )
}

function QueueRow({ id }: { id: string }) {
  const { t, i18n } = useTexts('live-board')
  const { queue, wait, isLate, isUnmanned } = useQueueState(id)
  if (!queue) return null
  const { live, today } = queue
  const lang = i18n.language
  return (
    <div role="row" data-testid={`board-queue-${id}`} className={cx(TRACKS, 'h-9 border-b border-line [contain:content]')}>
      <span role="rowheader" className="truncate font-semibold">
        {queue.name}
        {live.work_items > 0 && (
          <span data-testid={`board-queue-${id}-work`} title={t('queues.work', { count: live.work_items })} className="ml-2 inline-flex items-center gap-1 align-middle text-xs font-normal text-ink-2 tabular-nums">
            <Voicemail size={13} aria-hidden />
            {live.work_items}
            <span className="sr-only">{t('queues.work', { count: live.work_items })}</span>
          </span>
        )}
      </span>
      <span role="cell" data-testid={`board-queue-${id}-waiting`} className="text-right text-lg font-semibold tabular-nums">
        {live.waiting}
      </span>
      <span role="cell" data-testid={`board-queue-${id}-callbacks`} className={cx('text-right tabular-nums', live.callbacks === 0 && 'text-ink-3')}>
        {live.callbacks}
      </span>
      <span role="cell" className={cx('text-right tabular-nums', isLate && 'font-semibold text-bad-ink')} title={isLate ? t('queues.late') : undefined}>
        {live.longest_since ? `${isLate ? '▲ ' : ''}${clockText(wait)}` : '–'}
      </span>
      <span role="cell" data-testid={`board-queue-${id}-expected`} className="text-right tabular-nums">
        {live.expected_wait ? waitRangeText(live.expected_wait) : '–'}
      </span>
      <span role="cell">
        <Level level={queue.level_interval} definition={definitionOf(queue, queue.level_interval)} goal={queue.service_level_percent} />
      </span>
      <span role="cell" className={cx('text-right tabular-nums', isUnmanned && 'font-semibold text-bad-ink')}>
        {isUnmanned ? `▲ ${t('queues.unmanned')}` : `${live.agents_ready} / ${live.agents_signed_in}`}
      </span>
      <span role="cell" className="text-right tabular-nums">{live.talking}</span>
      <span role="cell" className="text-right tabular-nums">{numberText(today.offered, lang)}</span>
      <span role="cell" className="text-right tabular-nums">{numberText(today.answered, lang)}</span>
      <span role="cell" className="text-right tabular-nums">{numberText(today.abandoned, lang)}</span>
      <span role="cell" data-testid={`board-queue-${id}-level-today`} title={t('definition', definitionOf(queue, queue.level_today))} className="text-right tabular-nums">
        {percentText(queue.level_today.numerator, queue.level_today.denominator, lang)}
      </span>
    </div>
  )
}

/** The service level of the half hour as figure and bar, the goal as a mark on it. */
function Level({ level: { variant, ...parts }, definition, goal }: { level: ServiceLevel; definition: { code: string; secs: string }; goal: number }) {
  const { t, i18n } = useTexts('live-board')
  const level = levelOf(parts)
  const isBelow = useSteady(level !== undefined && level * 100 < goal)
  const percent = level === undefined ? 0 : Math.round(level * 100)
  return (
    <span className="flex items-center gap-2" title={`${definition.code}: ${t(`common:service_level_variant.${variant}`)}. ${t('queues.goal', { percent: goal, secs: definition.secs })}`}>
      <span className={cx('w-11 text-right tabular-nums', isBelow && 'font-semibold text-bad-ink')}>{level === undefined ? '–' : percentText(level, 1, i18n.language)}</span>
      <span className="shrink-0 text-xs text-ink-3">{definition.code}</span>
      <span aria-hidden className="relative h-1.5 min-w-4 flex-1 rounded-sm bg-sunken">
        <span style={{ width: `${percent}%` }} className={cx('absolute inset-y-0 left-0 rounded-sm', isBelow ? 'bg-bad' : 'bg-ink-3')} />
        <span style={{ left: `${goal}%` }} className="absolute -inset-y-0.5 w-px bg-ink" />
      </span>
    </span>
  )
}
