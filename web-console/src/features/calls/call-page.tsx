// One past call: who, how long, how it ended, and everything that happened in it.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useRouteContext } from '@tanstack/react-router'
import { PhoneIncoming, PhoneOutgoing } from 'lucide-react'
import { api } from '@/api/client'
import type { CallDetails } from '@/api/records'
import { clockText, dateTimeText, exactTimeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { languageText } from '@/i18n/words'
import { CallButton } from '@/lib/call-button'
import { LoadProblem } from '@/lib/load-problem'
import { useRedirectionsText } from '@/lib/redirections'
import { useNames } from '@/lib/use-names'
import { Facts, Page, Section, SkeletonLines, TicketStateBadge } from '@/ui'
import { AnswerBadge } from './answer-badge'
import { useEventText } from './event-text'
import { LegProtection, legsOf } from './leg-protection'
import { OutcomeBadge } from './outcome'
import { useLineParty } from './party'
import { RecordingsSection } from './recordings'
import { RoutingSection } from './routing'
import { SignallingSection } from './signalling'
import { storyOf } from './story'

export function CallPage() {
  const { t } = useTexts('calls')
  const { id } = useParams({ from: '/shell/calls/$id' })
  const query = useQuery({
    queryKey: ['calls', id],
    queryFn: ({ signal }) => api.get<CallDetails>(`/calls/${id}`, {}, signal),
    // A call that goes on still writes its story.
    refetchInterval: (found) => (found.state.data?.outcome === 'open' ? 3_000 : false),
  })
  if (query.isError)
    return (
      <Page title={t('title')}>
        <LoadProblem problem={query.error} onRetry={() => void query.refetch()} />
      </Page>
    )
  if (!query.data)
    return (
      <Page title={t('title')}>
        <SkeletonLines count={10} label={t('common:loading')} />
      </Page>
    )
  return <Call call={query.data} />
}

function Call({ call }: { call: CallDetails }) {
  const { t, i18n } = useTexts('calls')
  const { session } = useRouteContext({ from: '/shell' })
  const names = useNames()
  const partyOf = useLineParty()
  const eventText = useEventText(names)
  const redirectionsText = useRedirectionsText()
  const legs = legsOf(call.events)
  const legOf = (party: 'customer' | 'agent') => {
    const leg = legs.get(party)
    return leg ? <LegProtection leg={leg} /> : null
  }
  const Icon = call.direction === 'outbound' ? PhoneOutgoing : PhoneIncoming
  const facts = [
    {
      name: t('field.customer'),
      value: call.customer ? (
        <Link to="/customers/$id" params={{ id: call.customer }} className="text-accent-ink hover:underline">
          {partyOf(call)}
        </Link>
      ) : (
        partyOf(call)
      ),
    },
    { name: t('field.number'), value: call.customer_number ? <CallButton number={call.customer_number} customer={call.customer ?? null} className="-mx-2 px-2" /> : null },
    { name: t('field.redirected'), value: redirectionsText(call.redirections) },
    { name: t('field.ours'), value: call.our_number },
    { name: t('field.line'), value: names.line(call.line) },
    { name: t('field.path'), value: names.path(call.line, call.ivr_path).join(' › ') },
    { name: t('field.reason'), value: names.reason(call.reason) },
    { name: t('field.queue'), value: names.queue(call.queue) },
    { name: t('field.agent'), value: names.agent(call.agent) },
    { name: t('field.answer'), value: call.answer ? <AnswerBadge answer={call.answer} /> : null },
    { name: t('field.customer_leg'), value: legOf('customer') },
    { name: t('field.agent_leg'), value: legOf('agent') },
    { name: t('field.language'), value: <span className="capitalize">{languageText(call.language)}</span> },
    { name: t('field.disposition'), value: names.disposition(call.disposition) },
    { name: t('field.ended'), value: call.end_cause ? t(`common:end_cause.${call.end_cause}`) : null },
  ].filter((fact) => fact.value)
  const story = storyOf(call.events).flatMap(({ record, nodes }) => {
    if (nodes.length === 0) return [{ record, text: eventText(record) }]
    const stations = names.path(call.line, nodes)
    return stations.length > 0 ? [{ record, text: t('event.ivr_entered', { node: stations.join(' › ') }) }] : []
  })
  const figures = [
    { key: 'wait', ms: call.wait_ms },
    { key: 'talk', ms: call.talk_ms },
    { key: 'hold', ms: call.hold_ms },
    { key: 'total', ms: (call.ended_at ? Date.parse(call.ended_at) : Date.parse(call.started_at)) - Date.parse(call.started_at) },
  ] as const
  return (
    <Page
      isFlush
      title={
        <span className="flex items-center gap-2">
          <Icon size={18} aria-label={t(`common:direction.${call.direction}`)} className="shrink-0 text-ink-3" />
          <span className="truncate" data-testid="call-party">
            {partyOf(call)}
          </span>
          <span className="text-sm font-normal text-ink-3">{dateTimeText(call.started_at, i18n.language)}</span>
        </span>
      }
      actions={<OutcomeBadge outcome={call.outcome} />}
    >
      <div className="grid h-full min-h-0 grid-cols-1 overflow-auto lg:grid-cols-[minmax(0,1fr)_400px] lg:overflow-hidden">
        <div className="lg:min-h-0 lg:overflow-auto">
          <dl className="grid grid-cols-4 border-b border-line">
            {figures.map(({ key, ms }) => (
              <div key={key} className="border-r border-line px-4 py-2 last:border-r-0">
                <dt className="text-xs text-ink-3">{t(`figure.${key}`)}</dt>
                <dd className="text-xl font-semibold">{clockText(ms)}</dd>
              </div>
            ))}
          </dl>
          {call.notes && (
            <Section title={t('notes')} className="border-b border-line px-4 pt-2 pb-3">
              <p className="max-w-prose break-words whitespace-pre-wrap">{call.notes}</p>
            </Section>
          )}
          {call.tickets.length > 0 && (
            <Section title={t('tickets')} className="border-b border-line px-4 pt-2 pb-3">
              <ul className="flex flex-col gap-1" data-testid="call-tickets">
                {call.tickets.map((ticket) => (
                  <li key={ticket.id} className="flex items-center gap-2">
                    <Link to="/tickets/$id" params={{ id: ticket.id }} className="shrink-0 text-accent-ink hover:underline">
                      #{ticket.number}
                    </Link>
                    <span className="min-w-0 truncate">{ticket.subject}</span>
                    <TicketStateBadge state={ticket.state} />
                  </li>
                ))}
              </ul>
            </Section>
          )}
          <RecordingsSection call={call} />
          <Section title={t('events')} className="px-4 pt-2 pb-4">
            <ol data-testid="call-events">
              {story.map(({ record, text }) => (
                <li key={`${record.node}-${record.seq}`} className="flex gap-3 py-1">
                  <time dateTime={record.at} className="w-20 shrink-0 text-ink-3">
                    {exactTimeText(record.at, i18n.language)}
                  </time>
                  <span className="min-w-0 break-words">{text}</span>
                </li>
              ))}
            </ol>
          </Section>
          {session.permissions.includes('supervise') && <RoutingSection call={call.id} isOpen={call.outcome === 'open'} />}
          {session.permissions.includes('see_signalling') && <SignallingSection call={call.id} />}
        </div>
        <aside aria-label={t('facts')} className="border-line bg-ground p-4 max-lg:border-t lg:min-h-0 lg:overflow-auto lg:border-l">
          <Facts facts={facts} />
        </aside>
      </div>
    </Page>
  )
}
