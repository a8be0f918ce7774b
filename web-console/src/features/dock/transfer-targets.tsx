// Where a call can go: type a few letters, choose, Enter. Who cannot take it now is marked before being chosen.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Autocomplete, Menu as AriaMenu, useFilter } from 'react-aria-components'
import { inLanguage, linesQuery, pauseReasonsQuery, queuesQuery, queueWaitsQuery } from '@/api/queries'
import type { Schemas } from '@/api/types'
import { waitRangeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { presenceText } from '@/i18n/words'
import { useFloor } from '@/lib/use-live'
import type { CallView, ConsultTarget, TransferTarget } from '@/live/protocol'
import { Checkbox, Dot, MenuItem, MenuSection, SearchField } from '@/ui'
import { openPanel, send } from './actions'
import { PRESENCE_TONES } from './presence'

export function TransferTargets({ call }: { call: CallView }) {
  const { t, i18n } = useTexts('dock')
  const me = useFloor((floor) => floor.user)
  const colleagues = useFloor((floor) => floor.colleagues)
  const { data: queues = [] } = useQuery(queuesQuery)
  const { data: waits = [] } = useQuery(queueWaitsQuery)
  const { data: reasons = [] } = useQuery(pauseReasonsQuery)
  const { data: lines = [] } = useQuery(linesQuery)
  const { contains } = useFilter({ sensitivity: 'base' })
  const [text, setText] = useState('')
  // Whoever shall join a conference is asked first.
  const isConference = call.conference.length > 0
  const [asks, setAsks] = useState(false)
  const asksFirst = asks || isConference
  const agents = [...colleagues.values()]
    .filter((agent) => agent.id !== me && agent.presence.state !== 'offline')
    .toSorted((a, b) => Number(b.presence.state === 'ready') - Number(a.presence.state === 'ready') || a.name.localeCompare(b.name))
  const readyIn = (queue: string) => agents.filter((agent) => agent.presence.state === 'ready' && agent.queues.includes(queue)).length
  const transfer = async (target: TransferTarget) => {
    if (await send({ do: 'transfer', call: call.id, target })) openPanel(null)
  }
  const consult = async (target: ConsultTarget) => {
    if (await send({ do: 'consult', call: call.id, target })) openPanel(null)
  }
  const hand = async (typed: string) => {
    if (await send({ do: 'transfer_out', call: call.id, number: typed })) openPanel(null)
  }
  const number = /^[+\d][\d\s]{1,39}$/.test(text.trim()) ? text.trim() : null
  return (
    <Autocomplete filter={contains}>
      {!isConference && (
        <Checkbox isSelected={asksFirst} onChange={setAsks} data-testid="consult-first">
          {t('consult.first')}
        </Checkbox>
      )}
      <SearchField label={t('transfer_to')} value={text} onChange={setText} clearLabel={t('common:clear')} autoFocus data-testid="transfer-search" />
      <AriaMenu aria-label={t('transfer_to')} className="mt-2 max-h-80 overflow-auto outline-none" renderEmptyState={() => <p className="p-2 text-ink-3">{t('transfer_nobody')}</p>}>
        {number && (
          <MenuItem id="number" textValue={number} onAction={() => void (asksFirst ? consult({ to: 'number', number }) : hand(number))} data-testid={asksFirst ? 'consult-number' : 'transfer-number'}>
            {t(asksFirst ? 'consult.number' : 'transfer_number', { number })}
          </MenuItem>
        )}
        <MenuSection title={t(asksFirst ? 'consult.ask_queues' : 'transfer_queues')}>
          {queues.map((queue) => (
            <MenuItem
              key={queue.id}
              id={`queue ${queue.id}`}
              textValue={queue.name}
              onAction={() => void (asksFirst ? consult({ to: 'queue', queue: queue.id }) : transfer({ to: 'queue', queue: queue.id }))}
              data-testid={`transfer-queue-${queue.id}`}
            >
              <span className="flex-1 truncate">{queue.name}</span>
              <WaitThere wait={waits.find((one) => one.queue === queue.id)} />
              <ReadyCount count={readyIn(queue.id)} />
            </MenuItem>
          ))}
        </MenuSection>
        {!asksFirst && lines.length > 0 && (
          <MenuSection title={t('transfer_lines')}>
            {lines.map((line) => (
              <MenuItem key={line.id} id={`line ${line.id}`} textValue={inLanguage(line.names, i18n.language) || line.id} onAction={() => void transfer({ to: 'line', line: line.id })} data-testid={`transfer-line-${line.id}`}>
                <span className="flex-1 truncate">{inLanguage(line.names, i18n.language) || line.id}</span>
              </MenuItem>
            ))}
          </MenuSection>
        )}
        {agents.length > 0 && (
          <MenuSection title={t('transfer_agents')}>
            {agents.map((agent) => (
              <MenuItem
                key={agent.id}
                id={`agent ${agent.id}`}
                textValue={agent.name}
                isDisabled={agent.presence.state !== 'ready'}
                onAction={() => void (asksFirst ? consult({ to: 'agent', agent: agent.id }) : transfer({ to: 'agent', agent: agent.id }))}
                data-testid={`transfer-agent-${agent.id}`}
              >
                <span className="flex-1 truncate">{agent.name}</span>
                <span className="flex items-center gap-1.5 text-xs text-ink-2">
                  <Dot tone={PRESENCE_TONES[agent.presence.state]} />
                  {presenceText(agent.presence, reasons, i18n.language)}
                </span>
              </MenuItem>
            ))}
          </MenuSection>
        )}
      </AriaMenu>
      {asksFirst && lines.length > 0 && <p className="mt-2 text-xs text-ink-2">{t('consult.lines_not_asked')}</p>}
    </Autocomplete>
  )
}

/** How long the caller is expected to wait there. */
function WaitThere({ wait }: { wait: Schemas['QueueWait'] | undefined }) {
  const { t } = useTexts('dock')
  if (!wait?.expected_wait) return null
  return (
    <span className="text-xs text-ink-2 tabular-nums" title={t('transfer_wait_help')}>
      {t('transfer_wait', { range: waitRangeText(wait.expected_wait) })}
    </span>
  )
}

/** How many colleagues of a queue could take the call at once: none is no obstacle, but good to know before. */
function ReadyCount({ count }: { count: number }) {
  const { t } = useTexts('dock')
  return (
    <span className="flex items-center gap-1.5 text-xs text-ink-2">
      <Dot tone={count > 0 ? 'good' : 'neutral'} />
      {t('transfer_ready', { count })}
    </span>
  )
}
