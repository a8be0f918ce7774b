// What became of the callbacks that were promised today.
import { useQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'

type Counts = Schemas['QueueCallbacks']

const FIGURES = ['requested', 'reached', 'kept', 'merged', 'failed', 'expired', 'cancelled', 'open'] as const

export function Today({ queue }: { queue: string | undefined }) {
  const { t } = useTexts('callbacks')
  const { data = [] } = useQuery({
    queryKey: ['callbacks', 'counts'],
    queryFn: ({ signal }) => {
      const midnight = new Date()
      midnight.setHours(0, 0, 0, 0)
      return api.get<Counts[]>('/callbacks/counts', { from: midnight.toISOString(), to: new Date().toISOString() }, signal)
    },
  })
  const shown = data.filter((one) => queue === undefined || one.queue === queue)
  const sum = (figure: (typeof FIGURES)[number]) => shown.reduce((all, one) => all + one[figure], 0)
  return (
    <section aria-label={t('today.title')} className="ml-auto flex flex-wrap items-baseline gap-x-3 text-xs" data-testid="callbacks-today">
      <h2 className="font-medium text-ink-2">{t('today.title')}</h2>
      <dl className="flex flex-wrap items-baseline gap-x-3">
        {FIGURES.map((figure) => (
          <div key={figure} className="flex items-baseline gap-1">
            <dt className="text-ink-3">{t(`today.${figure}`)}</dt>
            <dd className="tabular-nums">{sum(figure)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
