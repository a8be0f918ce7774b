// The board on a television: few figures, readable from five metres, nothing to click. It keeps the screen awake and takes a new
// version of the console at night.
import { useNavigate, useRouteContext } from '@tanstack/react-router'
import { Lock, Maximize, Undo2 } from 'lucide-react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { isSupervisor, type Session } from '@/api/session'
import { clockText, numberText, percentText, timeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { useFloor, useNow } from '@/lib/use-live'
import { useSessionWatch } from '@/lib/use-session-watch'
import { live } from '@/live/console'
import type { Presence } from '@/live/protocol'
import { boardStore } from '@/live/stores/board'
import { Button, cx, Dot, EmptyState, SkeletonLines, type BadgeTone } from '@/ui'
import { AsOf, Figures } from './age'
import { byNeed, definitionOf, levelOf } from './figures'
import { useBoardList, useWatchBoard } from './use-board'
import { useNightlyReload } from './use-nightly-reload'
import { useQueueState } from './use-queue-state'
import { useSlowOrder } from './use-slow-order'
import { useSteady } from './use-steady'
import { useSummary, type SummaryFigure } from './use-summary'
import { useWakeLock } from './use-wake-lock'

export function TvPage() {
  const { t } = useTexts('live-board')
  const { session } = useRouteContext({ from: '/board' })
  if (isSupervisor(session.role)) return <Television session={session} />
  return (
    <main className="flex h-full items-center justify-center bg-surface">
      <EmptyState isPage icon={Lock} title={t('common:no_permission.title')}>
        {t('common:error.forbidden')}
      </EmptyState>
    </main>
  )
}

function Television({ session }: { session: Session }) {
  const { t, i18n } = useTexts('live-board')
  const [isReplaced, setReplaced] = useState(false)
  // The page stands outside the console's frame, so it opens the connection itself.
  const lookAgain = useSessionWatch()
  useEffect(() => {
    live.attach(lookAgain)
    live.connect()
    const forget = live.onReplaced(() => setReplaced(true))
    return () => {
      forget()
      live.detach()
    }
  }, [lookAgain])
  useWatchBoard()
  useWakeLock()
  useNightlyReload()
  const queues = useBoardList('queues')
  const agents = useBoardList('agents')
  const now = useNow()
  return (
    // Sizes follow the width: at 1920 pixels the text has 24 and the figures 72.
    <main className="flex h-full flex-col overflow-hidden bg-surface text-[1.25vw] leading-snug">
      <header className="flex items-center gap-[1.5vw] border-b border-line px-[2vw] py-[0.8vw]">
        <h1 className="min-w-0 flex-1 truncate text-[1.6vw]">{session.centre_name}</h1>
        <Leave />
        <AsOf isFrozen={false} />
        <p className="text-[1.6vw] font-semibold tabular-nums">{timeText(now, i18n.language)}</p>
      </header>
      {queues.length === 0 ? (
        <SkeletonLines count={6} label={t('common:loading')} />
      ) : (
        <Figures isFrozen={false} className="flex min-h-0 flex-1 flex-col">
          <Summary queues={queues} agents={agents} />
          <Queues ids={queues} />
          <States agents={agents} />
        </Figures>
      )}
      {isReplaced && (
        <p role="alert" className="flex items-center gap-[1vw] bg-warn-soft px-[2vw] py-[0.6vw] text-warn-ink">
          {t('tv.replaced')}
          <Button
            onPress={() => {
              setReplaced(false)
              live.connect()
            }}
          >
            {t('app:status.use_here')}
          </Button>
        </p>
      )}
      {session.is_sample && (
        <p className="border-t border-line bg-sunken px-[2vw] py-[0.3vw] text-right text-[1vw] text-ink-2" data-testid="sample-notice">
          {t('app:status.sample')}
        </p>
      )}
    </main>
  )
}

function Summary({ queues, agents }: { queues: readonly string[]; agents: readonly string[] }) {
  const figures = useSummary(queues, agents)
  return (
    <dl className="grid shrink-0 grid-cols-4 border-b border-line">
      {figures.map((figure) => (
        <BigFigure key={figure.key} figure={figure} />
      ))}
    </dl>
  )
}

function BigFigure({ figure }: { figure: SummaryFigure }) {
  const isAlarm = useSteady(figure.isBad)
  return (
    <div className={cx('flex min-w-0 flex-col border-r border-line px-[2vw] py-[1.2vw] last:border-r-0', isAlarm && 'bg-bad-soft text-bad-ink')}>
      <dt className="flex-1 leading-tight break-words">{figure.name}</dt>
      <dd className="text-[3.75vw] leading-tight font-semibold tabular-nums">{figure.value}</dd>
      <dd className={cx('truncate', isAlarm ? 'font-semibold' : 'text-ink-3')}>{isAlarm ? `▲ ${figure.badText}` : figure.note}</dd>
    </div>
  )
}

const TRACKS = 'grid grid-cols-[minmax(0,2fr)_repeat(5,minmax(0,1fr))] items-center gap-[1.5vw] px-[2vw]'

function Queues({ ids }: { ids: readonly string[] }) {
  const { t } = useTexts('live-board')
  const ordered = useSlowOrder(ids, (now) => {
    const order = byNeed(now)
    return (a, b) => {
      const [one, two] = [boardStore.queue(a), boardStore.queue(b)]
      return one && two ? order(one, two) : 0
    }
  })
  return (
    <div role="table" aria-label={t('queues.title')} className="min-h-0 flex-1 overflow-hidden">
      <div role="row" className={cx(TRACKS, 'border-b border-line py-[0.6vw] text-ink-3 [&>*:not(:first-child)]:text-right')}>
        {(['queue', 'waiting', 'longest', 'service_level', 'ready', 'abandoned_today'] as const).map((key) => (
          <span key={key} role="columnheader" className="truncate">
            {t(`queues.${key}`)}
          </span>
        ))}
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
  const level = queue && levelOf(queue.level_interval)
  const isBelow = useSteady(queue !== undefined && level !== undefined && level * 100 < queue.service_level_percent)
  if (!queue) return null
  const cell = (isBad: boolean) => cx('truncate text-right tabular-nums', isBad && 'font-semibold text-bad-ink')
  return (
    <div role="row" data-testid={`tv-queue-${id}`} className={cx(TRACKS, 'border-b border-line py-[0.7vw] text-[1.6vw]')}>
      <span role="rowheader" className="truncate font-semibold">
        {queue.name}
      </span>
      <span role="cell" className={cell(false)}>
        {queue.live.waiting}
      </span>
      <span role="cell" className={cell(isLate)}>
        {queue.live.longest_since ? `${isLate ? '▲ ' : ''}${clockText(wait)}` : '–'}
      </span>
      <span role="cell" className={cell(isBelow)}>
        {level === undefined ? '–' : `${isBelow ? '▼ ' : ''}${percentText(level, 1, i18n.language)}`} <span className="text-[1vw] text-ink-3">{t('definition', definitionOf(queue, queue.level_interval))}</span>
      </span>
      <span role="cell" className={cell(isUnmanned)}>
        {isUnmanned ? `▲ ${t('queues.unmanned')}` : `${queue.live.agents_ready} / ${queue.live.agents_signed_in}`}
      </span>
      <span role="cell" className={cell(false)}>
        {numberText(queue.today.abandoned, i18n.language)}
      </span>
    </div>
  )
}

const STATES: ReadonlyArray<{ state: Presence['state']; tone: BadgeTone }> = [
  { state: 'ready', tone: 'good' },
  { state: 'offered', tone: 'accent' },
  { state: 'busy', tone: 'accent' },
  { state: 'wrapping_up', tone: 'accent' },
  { state: 'paused', tone: 'warn' },
]

/** How many agents are in each state; those off shift are nobody's business here. */
function States({ agents }: { agents: readonly string[] }) {
  const { t } = useTexts('live-board')
  useSyncExternalStore(boardStore.onAny, boardStore.turn)
  const states = agents.map((id) => boardStore.agent(id)?.presence.state)
  return (
    <dl className="flex shrink-0 justify-between gap-[2vw] border-t border-line px-[2vw] py-[0.9vw]">
      {STATES.map(({ state, tone }) => (
        <div key={state} className="flex min-w-0 items-center gap-[0.6vw]">
          <Dot tone={tone} />
          <dt className="truncate text-ink-2">{t(`common:presence.${state}`)}</dt>
          <dd className="font-semibold tabular-nums">{states.filter((one) => one === state).length}</dd>
        </div>
      ))}
    </dl>
  )
}

/** The way back and the whole screen: there for a few seconds after the pointer or a key was used, as on a film. */
function Leave() {
  const { t } = useTexts('live-board')
  const navigate = useNavigate()
  const isUsed = useRecentUse()
  const centre = useFloor((floor) => floor.centreName)
  useEffect(() => {
    document.title = `${t('title')} · ${centre}`
  }, [t, centre])
  return (
    <div className={cx('flex gap-1 text-sm', !isUsed && 'opacity-0 focus-within:opacity-100')}>
      <Button size="sm" icon={Maximize} onPress={() => void document.documentElement.requestFullscreen().catch(() => {})}>
        {t('tv.fullscreen')}
      </Button>
      <Button
        size="sm"
        icon={Undo2}
        onPress={() => {
          if (document.fullscreenElement) void document.exitFullscreen()
          void navigate({ to: '/live' })
        }}
        data-testid="tv-leave"
      >
        {t('tv.leave')}
      </Button>
    </div>
  )
}

const USED_MS = 5_000

function useRecentUse(): boolean {
  const [isUsed, setUsed] = useState(true)
  useEffect(() => {
    let timer = setTimeout(() => setUsed(false), USED_MS)
    const use = () => {
      clearTimeout(timer)
      setUsed(true)
      timer = setTimeout(() => setUsed(false), USED_MS)
    }
    window.addEventListener('pointermove', use)
    window.addEventListener('keydown', use)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('pointermove', use)
      window.removeEventListener('keydown', use)
    }
  }, [])
  return isUsed
}
