// How a ticket shows itself in lists: state, priority, and the clock that is due next.
import { AlarmClock, ArrowDown, ChevronsUp, ChevronUp, CircleCheck, CirclePause, Minus, TriangleAlert, type LucideIcon } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { ClockView, Priority, TicketState } from '@/api/types'
import { dateTimeText, spanText } from '@/i18n/format'
import { useNow } from '@/lib/use-live'
import { Badge, type BadgeTone } from './badge'
import { cx } from './cx'

const STATE_TONES: Record<TicketState, BadgeTone> = {
  new: 'accent',
  open: 'accent',
  waiting_customer: 'neutral',
  waiting_internal: 'warn',
  waiting_supplier: 'warn',
  solved: 'good',
  closed: 'neutral',
  cancelled: 'neutral',
}

export function TicketStateBadge({ state }: { state: TicketState }) {
  const { t } = useTranslation()
  return <Badge tone={STATE_TONES[state]}>{t(`ticket.state.${state}`)}</Badge>
}

const PRIORITIES: Record<Priority, { icon: LucideIcon; tone: string }> = {
  low: { icon: ArrowDown, tone: 'text-ink-3' },
  normal: { icon: Minus, tone: 'text-ink-3' },
  high: { icon: ChevronUp, tone: 'text-warn-ink' },
  urgent: { icon: ChevronsUp, tone: 'text-bad-ink' },
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

/** From 75 % of the time on it warns, from 90 % on louder. */
const WARN_SHARE = 0.25
const ALARM_SHARE = 0.1

/** Ticks by itself: time left or late, by icon, word and colour. The server computes when it is due. */
export function ClockBadge({ clock }: { clock: ClockView }) {
  const { t, i18n } = useTranslation()
  const now = useNow()
  const metric = t(`ticket.metric.${clock.metric}`)
  switch (clock.state) {
    case 'running':
    case 'breached_open': {
      const late = clock.breached_at ? now - Date.parse(clock.due_at ?? clock.breached_at) : 0
      const left = clock.due_at ? Date.parse(clock.due_at) - now : 0
      const isLate = clock.state === 'breached_open' || left < 0
      const title = clock.due_at ? t('ticket.clock.due', { metric, at: dateTimeText(clock.due_at, i18n.language) }) : metric
      const share = clock.target_secs > 0 ? left / (clock.target_secs * 1000) : 1
      const tone: BadgeTone = isLate || share < ALARM_SHARE ? 'bad' : share < WARN_SHARE ? 'warn' : 'neutral'
      return (
        <span title={title}>
          <Badge tone={tone} icon={isLate ? TriangleAlert : AlarmClock}>
            {isLate ? t('ticket.clock.late', { time: spanText(Math.max(late, -left)) }) : t('ticket.clock.left', { time: spanText(left) })}
          </Badge>
        </span>
      )
    }
    case 'paused':
      return (
        <span title={t('ticket.clock.paused_with', { metric, time: spanText((clock.left_secs ?? 0) * 1000) })}>
          <Badge icon={CirclePause}>{t('ticket.clock.paused')}</Badge>
        </span>
      )
    case 'met':
      return (
        <Badge tone="good" icon={CircleCheck}>
          {t('ticket.clock.met')}
        </Badge>
      )
    case 'breached_met':
      return (
        <Badge tone="warn" icon={CircleCheck}>
          {t('ticket.clock.breached_met')}
        </Badge>
      )
    case 'cancelled':
      return <Badge>{t('ticket.clock.cancelled')}</Badge>
  }
}
