import { cx } from '@/ui'
import { useSteady } from './use-steady'
import { useSummary, type SummaryFigure } from './use-summary'

export function Summary({ queues, agents }: { queues: readonly string[]; agents: readonly string[] }) {
  const figures = useSummary(queues, agents)
  return (
    <dl className="grid shrink-0 grid-cols-2 border-b border-line lg:grid-cols-4">
      {figures.map((figure) => (
        <Figure key={figure.key} figure={figure} />
      ))}
    </dl>
  )
}

function Figure({ figure }: { figure: SummaryFigure }) {
  const isAlarm = useSteady(figure.isBad)
  return (
    <div className={cx('border-r border-line px-4 py-2.5 last:border-r-0', isAlarm && 'bg-bad-soft text-bad-ink')}>
      <dt className="text-xs">{figure.name}</dt>
      <dd className="flex items-baseline gap-2">
        <span className="text-xl font-semibold tabular-nums">{figure.value}</span>
        <span className={cx('truncate text-xs', !isAlarm && 'text-ink-3')}>{isAlarm ? `▲ ${figure.badText}` : figure.note}</span>
      </dd>
    </div>
  )
}
