// How a ticket shows itself in lists: state, priority, and the clock that is due next.
import { AlarmClock, CircleAlert, CircleCheck, CirclePause, Clock3, Minus, OctagonAlert, SignalHigh, SignalLow, SignalMedium, Siren, TriangleAlert, type LucideIcon } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { ClockView, Priority, TicketState } from '@/api/types'
import { dateTimeText, spanText } from '@/i18n/format'
import { useNow } from '@/lib/use-live'
import { Badge, type BadgeTone } from './badge'
import { cx } from './cx'
import { Explained } from './tip'

const STATE_TONES: Record<TicketState, BadgeTone> = {
  new: 'accent',
  open: 'accent',
  waiting_customer: 'neutral',
  waiting_internal: 'warn',
  waiting_supplier: 'warn',
  solved: 'good',
  closed: 'neutral',
  merged: 'neutral',
  cancelled: 'neutral',
}

/** The colour is the category's; `name` is what the workflow calls the state, where the category does not say it. */
export function TicketStateBadge({ state, name }: { state: TicketState; name?: string | undefined }) {
  const { t } = useTranslation()
  return <Badge tone={STATE_TONES[state]}>{name ?? t(`ticket.state.${state}`)}</Badge>
}

const PRIORITIES: Record<Priority, { icon: LucideIcon; tone: string }> = {
  low: { icon: SignalLow, tone: 'text-ink-3' },
  normal: { icon: SignalMedium, tone: 'text-ink-2' },
  high: { icon: SignalHigh, tone: 'text-warn-ink' },
  urgent: { icon: OctagonAlert, tone: 'text-bad-ink' },
}

export function PriorityMark({ priority, isWordHidden = false }: { priority: Priority; isWordHidden?: boolean }) {
  const { t } = useTranslation()
  const { icon: Icon, tone } = PRIORITIES[priority]
  return (
    <span className={cx('inline-flex items-center gap-1', tone)} title={t(`ticket.priority.${priority}`)}>
      <Icon size={14} aria-hidden />
      <span className={isWordHidden ? 'sr-only' : undefined}>{t(`ticket.priority.${priority}`)}</span>
    </span>
  )
}

/** The clock that matters now: a breached one, else the one due first, else a paused one. */
export function nextClock(clocks: readonly ClockView[]): ClockView | undefined {
  const rank = (clock: ClockView): number => {
    switch (clock.state) {
      case 'breached_open':
        return 0
      case 'running':
        return 1
      case 'paused':
        return 2
      case 'met':
      case 'breached_met':
      case 'cancelled':
        return 3
    }
  }
  return clocks.toSorted((a, b) => rank(a) - rank(b) || dueOf(a) - dueOf(b))[0]
}

function dueOf(clock: ClockView): number {
  return clock.due_at ? Date.parse(clock.due_at) : Number.POSITIVE_INFINITY
}

/** From 75 % of the time on it is due soon, from 90 % on it is due now. */
const SOON_SHARE = 0.25
const NOW_SHARE = 0.1

export type Urgency = 'calm' | 'soon' | 'now' | 'late'

/** How near the end of its time a clock is that runs or has run out. */
export function urgencyOf(clock: ClockView, now: number): Urgency {
  const leftMs = clock.due_at ? Date.parse(clock.due_at) - now : 0
  if (clock.state === 'breached_open' || leftMs < 0) return 'late'
  const share = clock.target_secs > 0 ? leftMs / (clock.target_secs * 1000) : 1
  return share < NOW_SHARE ? 'now' : share < SOON_SHARE ? 'soon' : 'calm'
}

/** By icon, word and colour: none of them is needed to tell the four apart. */
const URGENCIES = {
  calm: { tone: 'neutral', icon: Clock3, key: 'ticket.clock.left' },
  soon: { tone: 'warn', icon: AlarmClock, key: 'ticket.clock.soon' },
  now: { tone: 'bad', icon: Siren, key: 'ticket.clock.now' },
  late: { tone: 'bad', icon: TriangleAlert, key: 'ticket.clock.late' },
} as const satisfies Record<Urgency, { tone: BadgeTone; icon: LucideIcon; key: string }>

/** Ticks by itself: time left or late. The server computes when it is due. `state` says why a clock pauses. */
export function ClockBadge({ clock, state }: { clock: ClockView; state: TicketState }) {
  const { t, i18n } = useTranslation()
  const now = useNow()
  const metric = t(`ticket.metric.${clock.metric}`)
  switch (clock.state) {
    case 'running':
    case 'breached_open': {
      const { tone, icon, key } = URGENCIES[urgencyOf(clock, now)]
      const due = clock.due_at ?? clock.breached_at
      const title = due ? t('ticket.clock.due', { metric, at: dateTimeText(due, i18n.language) }) : metric
      return (
        <Explained text={title}>
          <Badge tone={tone} icon={icon}>
            {t(key, { time: spanText(due ? Math.abs(Date.parse(due) - now) : 0) })}
          </Badge>
        </Explained>
      )
    }
    case 'paused':
      return (
        <Explained text={t('ticket.clock.paused_with', { metric, state: t(`ticket.state.${state}`), time: spanText((clock.left_secs ?? 0) * 1000) })}>
          <Badge icon={CirclePause}>{t('ticket.clock.paused')}</Badge>
        </Explained>
      )
    case 'met':
      return (
        <Badge tone="good" icon={CircleCheck}>
          {t('ticket.clock.met')}
        </Badge>
      )
    case 'breached_met':
      return (
        <Badge tone="warn" icon={CircleAlert}>
          {t('ticket.clock.breached_met')}
        </Badge>
      )
    case 'cancelled':
      return <Badge icon={Minus}>{t('ticket.clock.cancelled')}</Badge>
  }
}
