import { useQuery } from '@tanstack/react-query'
import { AlarmClock, Ear, EarOff, EllipsisVertical, MicOff } from 'lucide-react'
import { pauseReasonsQuery, inLanguage } from '@/api/queries'
import { useTexts } from '@/i18n/use-texts'
import { presenceText } from '@/i18n/words'
import { useCommand } from '@/lib/use-command'
import { DeadAirBadge } from '@/lib/dead-air-badge'
import { PoorAudioBadge } from '@/lib/poor-audio-badge'
import { useFloor, useIsUp } from '@/lib/use-live'
import { usePartyName } from '@/lib/use-party-name'
import type { Presence, WantedPresence } from '@/live/protocol'
import { boardStore } from '@/live/stores/board'
import { phone } from '@/phone/softphone'
import { Badge, cx, Dot, Elapsed, IconButton, Menu, type BadgeTone } from '@/ui'
import { agentOrder } from './figures'
import { useBoardAgent, useBoardCall } from './use-board'
import { useSlowOrder } from './use-slow-order'

const TRACKS = 'grid grid-cols-[minmax(120px,1.2fr)_minmax(130px,1fr)_64px_minmax(120px,1.4fr)_72px] items-center gap-3 px-4'

const TONES: Record<Presence['state'], BadgeTone> = { offline: 'neutral', ready: 'good', paused: 'warn', offered: 'accent', busy: 'accent', wrapping_up: 'accent' }

export function AgentsTable({ ids }: { ids: readonly string[] }) {
  const { t } = useTexts('live-board')
  const ordered = useSlowOrder(ids, (now) => {
    const order = agentOrder(now, (agent) => (agent.call ? boardStore.call(agent.call) : undefined))
    return (a, b) => {
      const [one, two] = [boardStore.agent(a), boardStore.agent(b)]
      return one && two ? order(one, two) : 0
    }
  })
  return (
    <div role="table" aria-label={t('agents.title')} className="min-h-0 lg:overflow-auto lg:border-r lg:border-line">
      <div role="row" className={cx(TRACKS, 'sticky top-0 z-10 h-7 border-b border-line bg-surface text-xs text-ink-3')}>
        <span role="columnheader">{t('agents.agent')}</span>
        <span role="columnheader">{t('agents.state')}</span>
        <span role="columnheader" className="text-right">{t('agents.since')}</span>
        <span role="columnheader">{t('agents.call')}</span>
        <span role="columnheader" className="sr-only">{t('agents.actions')}</span>
      </div>
      {ordered.map((id) => (
        <AgentRow key={id} id={id} />
      ))}
    </div>
  )
}

function AgentRow({ id }: { id: string }) {
  const { t, i18n } = useTexts('live-board')
  const agent = useBoardAgent(id)
  const call = useBoardCall(agent?.call)
  const me = useFloor((floor) => floor.user)
  const party = usePartyName(call)
  const { data: reasons = [] } = useQuery(pauseReasonsQuery)
  const { run } = useCommand()
  const isUp = useIsUp()
  if (!agent) return null
  const isTalking = call !== undefined && (call.state.is === 'talking' || call.state.is === 'held')
  const ownMode = call?.supervisors.find((supervisor) => supervisor.agent === me)?.mode
  const isListening = ownMode !== undefined
  const isOff = agent.presence.state === 'offline'
  const listen = async () => {
    if (!call) return
    await phone.startShift()
    await phone.whenReady(4_000)
    await run({ do: 'supervise', call: call.id, mode: 'listen' })
  }
  const set = (wanted: WantedPresence) => void run({ do: 'set_agent_presence', agent: id, wanted })
  return (
    <div role="row" data-testid={`board-agent-${id}`} data-state={agent.presence.state} className={cx(TRACKS, 'h-9 border-b border-line [contain:content]', isOff && 'text-ink-3', isListening && 'bg-accent-soft')}>
      <span role="rowheader" className={cx('truncate', !isOff && 'font-semibold')}>
        {agent.name}
      </span>
      <span role="cell" className="flex min-w-0 items-center gap-2">
        <Dot tone={TONES[agent.presence.state]} />
        <span className="truncate">{presenceText(agent.presence, reasons, i18n.language)}</span>
        {agent.wrap_up?.is_overdue && (
          <span data-testid={`overdue-${id}`}>
            <Badge tone="bad" icon={AlarmClock}>
              {t('agents.overdue')}
            </Badge>
          </span>
        )}
        {!isOff && !agent.has_device && (
          <span title={t('agents.no_audio')} className="flex shrink-0 items-center text-warn-ink">
            <MicOff size={14} aria-label={t('agents.no_audio')} />
          </span>
        )}
      </span>
      <span role="cell" className="text-right">
        {!isOff && <Elapsed since={agent.since} />}
      </span>
      <span role="cell" className="flex min-w-0 items-center gap-2">
        {call && (
          <>
            <span className="truncate">{party}</span>
            {call.state.is === 'held' && <Badge tone="warn">{t('common:call_state.held')}</Badge>}
            {call.state.is === 'reconnecting' && <Badge tone="bad">{t('common:call_state.reconnecting')}</Badge>}
            <PoorAudioBadge call={call} />
            <DeadAirBadge call={call} />
            {ownMode && <Badge tone="accent">{t(`agents.you.${ownMode}`)}</Badge>}
          </>
        )}
      </span>
      <span role="cell" className="flex justify-end gap-0.5">
        {(isTalking || isListening) && (
          <IconButton
            icon={isListening ? EarOff : Ear}
            label={isListening ? t('agents.stop_listening') : t('agents.listen', { name: agent.name })}
            size="sm"
            isDisabled={!isUp}
            onPress={() => void (isListening ? run({ do: 'end_supervision' }) : listen())}
            data-testid={`listen-${id}`}
          />
        )}
        <Menu
          label={t('agents.change', { name: agent.name })}
          placement="bottom end"
          trigger={<IconButton icon={EllipsisVertical} label={t('agents.change', { name: agent.name })} size="sm" isDisabled={!isUp} data-testid={`agent-menu-${id}`} />}
          parts={[
            {
              title: agent.presence.state === 'wrapping_up' ? t('agents.set_to_now') : t('agents.set_to'),
              entries: [
                { text: t('common:presence.ready'), dot: 'good', onAction: () => set({ state: 'ready' }), testId: 'set-ready' },
                ...reasons.map(({ id, names }) => ({ text: inLanguage(names, i18n.language), dot: 'warn' as const, onAction: () => set({ state: 'paused', reason: id }), testId: `set-paused-${id}` })),
                { text: t('common:presence.offline'), dot: 'neutral', onAction: () => set({ state: 'offline' }), testId: 'set-offline' },
              ],
            },
          ]}
        />
      </span>
    </div>
  )
}
