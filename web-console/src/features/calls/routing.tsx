// Why a call went to whom it went: each decision with who was free, how they stood, and what became of the offer. For supervisors.
import { useQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import { pauseReasonsQuery } from '@/api/queries'
import type { RoutedCall } from '@/api/records'
import { exactTimeText, numberText, clockText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { presenceText } from '@/i18n/words'
import { LoadProblem } from '@/lib/load-problem'
import { useNames } from '@/lib/use-names'
import { Section } from '@/ui'
import { keptOf, notFreeOf, unnamedOf, type Kept, type NotFree } from './routing-story'

type Candidate = RoutedCall['candidates'][number]

/** Scores as people say them: the server counts in thousandths of calls and hundredths of a percent. */
function scoreText(strategy: RoutedCall['strategy'], score: number, language: string): string {
  switch (strategy) {
    case 'longest_idle':
    case 'least_talk':
      return clockText(score)
    case 'least_occupied':
    case 'percent':
      return numberText(Math.round(score / 10) / 10, language)
    case 'fewest_calls':
      return numberText(Math.round(score / 100) / 10, language)
    default:
      return String(score)
  }
}

export function RoutingSection({ call, isOpen }: { call: string; /** Whether the call still goes on. */ isOpen: boolean }) {
  const { t } = useTexts('calls')
  const query = useQuery({
    queryKey: ['calls', call, 'routing'],
    queryFn: ({ signal }) => api.get<RoutedCall[]>(`/calls/${call}/routing`, {}, signal),
    refetchInterval: isOpen ? 3_000 : false,
  })
  if (query.isError)
    return (
      <Section title={t('routing.title')} className="border-t border-line px-4 pt-2 pb-4">
        <LoadProblem problem={query.error} onRetry={() => void query.refetch()} />
      </Section>
    )
  if (!query.data || query.data.length === 0) return null
  return (
    <Section title={t('routing.title')} className="border-t border-line px-4 pt-2 pb-4">
      <ol className="flex flex-col gap-4" data-testid="call-routing">
        {query.data.map((one) => (
          <Decision key={`${one.at}-${one.agent}`} routed={one} />
        ))}
      </ol>
    </Section>
  )
}

/** What somebody did who was not free. */
function useDoingText(): (one: NotFree) => string {
  const { t, i18n } = useTexts('calls')
  const { data: reasons = [] } = useQuery(pauseReasonsQuery)
  return (one) => (one.doing === 'paused' ? presenceText({ state: 'paused', reason: one.reason ?? '' }, reasons, i18n.language) : t(`routing.doing.${one.doing}`))
}

function Decision({ routed }: { routed: RoutedCall }) {
  const { t, i18n } = useTexts('calls')
  const names = useNames()
  const doingText = useDoingText()
  const kept = keptOf(routed)
  const result = routed.answered_at ? 'answered' : (routed.missed ?? 'ringing')
  const about = [
    names.queue(routed.queue),
    t(`routing.by.${routed.strategy}`),
    routed.is_consult && t('routing.is_consult'),
    t('routing.waited', { time: clockText(routed.waited_ms) }),
    routed.step > 0 && t('routing.step', { step: routed.step }),
    routed.head_start_ms > 0 && t('routing.head_start', { time: clockText(routed.head_start_ms) }),
    kept !== null && t(`routing.kept.${kept.is}`, { name: names.agent(kept.agent), time: exactTimeText(kept.until, i18n.language) }),
    kept === null && routed.for_last_agent === true && t('routing.for_last_agent'),
    (routed.rings_beside ?? 0) > 0 && t('routing.rings_beside', { count: routed.rings_beside ?? 0 }),
    routed.was_promoted && t('routing.promoted'),
    routed.passed_by > 0 && t('routing.passed_by', { count: routed.passed_by }),
  ].filter((part) => part !== false)
  const unnamed = unnamedOf(routed).map(({ doing, count }) => t(`routing.${doing}`, { count }))
  return (
    <li>
      <p className="flex gap-3">
        <time dateTime={routed.at} className="w-20 shrink-0 text-ink-3">
          {exactTimeText(routed.at, i18n.language)}
        </time>
        <span className="min-w-0">
          <span className="font-medium">{names.agent(routed.agent)}</span> · {t(`routing.result.${result}`)}
          <span className="block text-xs text-ink-3">{about.join(' · ')}</span>
        </span>
      </p>
      <table className="mt-1 ml-23 text-left text-xs">
        <thead className="text-ink-3">
          <tr>
            {(['agent', 'standing', 'idle'] as const).map((column) => (
              <th key={column} scope="col" className="pr-6 font-normal">
                {t(`routing.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {routed.candidates.map((one) => (
            <tr key={one.agent} className={one.standing === 'eligible' ? '' : 'text-ink-3'}>
              <td className={one.agent === routed.agent ? 'pr-6 font-medium' : 'pr-6'}>{names.agent(one.agent)}</td>
              <td className="pr-6 tabular-nums">
                <Standing strategy={routed.strategy} candidate={one} kept={kept} />
              </td>
              <td className="tabular-nums">{one.standing === 'eligible' ? clockText(one.idle_ms) : '–'}</td>
            </tr>
          ))}
          {notFreeOf(routed).map((one) => (
            <tr key={one.agent} className="text-ink-3">
              <td className="pr-6">{names.agent(one.agent)}</td>
              <td className="pr-6">{doingText(one)}</td>
              <td>–</td>
            </tr>
          ))}
        </tbody>
      </table>
      {(routed.more_candidates > 0 || unnamed.length > 0) && (
        <p className="mt-1 ml-23 text-xs text-ink-3">{[routed.more_candidates > 0 && t('routing.more', { count: routed.more_candidates }), unnamed.length > 0 && t('routing.not_free', { list: unnamed.join(', ') })].filter((part) => part !== false).join(' · ')}</p>
      )}
    </li>
  )
}

function Standing({ strategy, candidate, kept }: { strategy: RoutedCall['strategy']; candidate: Candidate; kept: Kept | null }) {
  const { t, i18n } = useTexts('calls')
  switch (candidate.standing) {
    case 'eligible':
      return t(`routing.score.${strategy}`, { value: scoreText(strategy, candidate.score, i18n.language) })
    case 'not_yet':
      return t('routing.not_yet', { step: candidate.step })
    case 'kept_for_another':
      return kept === null ? t('routing.kept_for_another') : t(`routing.kept_from.${kept.is}`, { time: exactTimeText(kept.until, i18n.language) })
    default:
      return t(`routing.${candidate.standing}`)
  }
}
