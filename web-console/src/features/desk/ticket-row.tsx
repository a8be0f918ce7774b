import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTexts } from '@/i18n/use-texts'
import type { TicketLine } from '@/api/types'
import { ClockBadge, cx, nextClock, PriorityMark, TicketStateBadge } from '@/ui'

/** A ticket in two lines: number and subject; state, priority and the clock that is due next. */
export function TicketRow({ ticket, action, isCustomerShown = false }: { ticket: TicketLine; action?: ReactNode; isCustomerShown?: boolean }) {
  const { t } = useTexts('desk')
  const clock = nextClock(ticket.clocks)
  return (
    <li className="flex items-start gap-2 px-3 py-2">
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2">
          <Link to={`/tickets/${ticket.id}` as string} className="shrink-0 text-accent-ink hover:underline">
            #{ticket.number}
          </Link>
          <span className="truncate font-medium" title={ticket.subject}>
            {ticket.subject}
          </span>
        </p>
        <p className={cx('mt-1 flex items-center gap-x-2 gap-y-1 text-xs text-ink-2', !isCustomerShown && 'flex-wrap')}>
          <TicketStateBadge state={ticket.state} />
          {clock && clock.state !== 'met' && clock.state !== 'cancelled' && <ClockBadge clock={clock} state={ticket.state} />}
          {(ticket.priority === 'high' || ticket.priority === 'urgent') && <PriorityMark priority={ticket.priority} />}
          {isCustomerShown ? <span className="min-w-0 flex-1 truncate">{ticket.customer_name}</span> : <span>{t(`common:ticket.type.${ticket.type}`)}</span>}
        </p>
      </div>
      {action}
    </li>
  )
}
