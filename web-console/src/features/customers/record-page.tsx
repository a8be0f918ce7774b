// Everything about one customer: who, what is open, what was, and what to write down.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Building2, IdCard, Mail, Pencil, Plus, UserRound } from 'lucide-react'
import { api } from '@/api/client'
import type { Customer, Page as PageOf, TicketLine } from '@/api/types'
import { dateText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { languageText, segmentText } from '@/i18n/words'
import { CallButton } from '@/lib/call-button'
import { LoadProblem } from '@/lib/load-problem'
import { useNames } from '@/lib/use-names'
import { useTicketFacts } from '@/lib/use-ticket-facts'
import { Badge, ButtonLink, ClockBadge, nextClock, Page, PriorityMark, Section, SkeletonLines, TicketStateBadge } from '@/ui'
import { Timeline } from './timeline'

/** Open tickets shown beside the timeline; the rest is a list away. */
const TICKETS_SHOWN = 20

export function CustomerPage() {
  const { t } = useTexts('customers')
  const { id } = useParams({ from: '/shell/customers/$id' })
  const query = useQuery({ queryKey: ['customers', id], queryFn: ({ signal }) => api.get<Customer>(`/customers/${id}`, {}, signal) })
  const customer = query.data
  if (query.isError)
    return (
      <Page title={t('title')}>
        <LoadProblem problem={query.error} onRetry={() => void query.refetch()} />
      </Page>
    )
  return (
    <Page
      isFlush
      title={
        customer && (
          <span className="flex min-w-0 items-center gap-2">
            <span className="truncate" data-testid="customer-title">
              {customer.name}
            </span>
            <Badge tone={customer.segment === 'gold' ? 'warn' : 'neutral'}>{segmentText(customer.segment)}</Badge>
            <Badge className="capitalize">{languageText(customer.language)}</Badge>
          </span>
        )
      }
      actions={
        <>
          <ButtonLink href={`/customers/${id}/edit`} icon={Pencil} data-testid="customer-edit">
            {t('common:edit')}
          </ButtonLink>
          <ButtonLink href={`/tickets/new?customer=${id}`} tone="accent" icon={Plus} data-testid="ticket-new">
            {t('new_ticket')}
          </ButtonLink>
        </>
      }
    >
      <div className="grid h-full min-h-0 grid-cols-1 overflow-auto lg:grid-cols-[280px_minmax(0,1fr)_340px] lg:overflow-hidden">
        <div className="min-h-0 border-line p-4 lg:overflow-auto lg:border-r">{customer ? <Identity customer={customer} /> : <SkeletonLines count={8} label={t('common:loading')} />}</div>
        <div className="flex min-h-0 flex-col border-line lg:border-r">
          <Timeline customer={id} />
        </div>
        <div className="min-h-0 lg:overflow-auto">
          <Tickets customer={id} />
        </div>
      </div>
    </Page>
  )
}

function Identity({ customer }: { customer: Customer }) {
  const { t, i18n } = useTexts('customers')
  const names = useNames()
  return (
    <div className="flex flex-col gap-4">
      {(customer.organisation || customer.document || customer.owner) && (
        <ul className="flex flex-col gap-1">
          {customer.organisation && (
            <li className="flex items-center gap-2" title={t('field.organisation')}>
              <Building2 size={15} aria-label={t('field.organisation')} className="shrink-0 text-ink-3" /> {customer.organisation}
            </li>
          )}
          {customer.document && (
            <li className="flex items-center gap-2" title={t('field.document')}>
              <IdCard size={15} aria-label={t('field.document')} className="shrink-0 text-ink-3" /> {customer.document}
            </li>
          )}
          {customer.owner && (
            <li className="flex items-center gap-2" title={t('field.owner')} data-testid="customer-owner">
              <UserRound size={15} aria-label={t('field.owner')} className="shrink-0 text-ink-3" /> {names.agent(customer.owner)}
            </li>
          )}
        </ul>
      )}
      <Section title={t('field.phones')}>
        {customer.phones.length === 0 && <p className="text-ink-3">{t('no_phones')}</p>}
        <ul>
          {customer.phones.map((phone) => (
            <li key={phone.number} className="flex min-h-7 items-center gap-2">
              <CallButton number={phone.number} customer={customer.id} className="-mx-2 px-2" />
              <span className="truncate text-xs text-ink-3">{labelText(phone.label, t)}</span>
            </li>
          ))}
        </ul>
      </Section>
      {customer.emails.length > 0 && (
        <Section title={t('field.emails')}>
          <ul className="flex flex-col gap-1">
            {customer.emails.map((email) => (
              <li key={email.address} className="flex min-w-0 items-center gap-2">
                <Mail size={15} aria-hidden className="shrink-0 text-ink-3" />
                <a href={`mailto:${email.address}`} className="truncate text-accent-ink hover:underline">
                  {email.address}
                </a>
                <span className="truncate text-xs text-ink-3">{email.label}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {customer.products.length > 0 && (
        <Section title={t('field.products')}>
          <ul className="flex flex-col gap-1.5">
            {customer.products.map((product, i) => (
              <li key={i}>
                <p className="flex items-start gap-2">
                  <span className="min-w-0 flex-1 break-words">{product.name}</span>
                  <Badge tone={product.status === 'active' ? 'good' : 'neutral'}>{product.status === 'active' || product.status === 'cancelled' ? t(`status.${product.status}`) : product.status}</Badge>
                </p>
                {product.since && <p className="text-xs text-ink-3">{t('since', { date: dateText(product.since, i18n.language) })}</p>}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {customer.notes !== '' && (
        <Section title={t('field.notes')}>
          <p className="break-words whitespace-pre-wrap text-ink-2">{customer.notes}</p>
        </Section>
      )}
      <p className="text-xs text-ink-3">
        <span className="block">{t('made_at', { at: dateText(customer.created_at, i18n.language) })}</span>
        {customer.updated_at !== customer.created_at && <span className="block">{t('changed_at', { at: dateText(customer.updated_at, i18n.language) })}</span>}
      </p>
    </div>
  )
}

function labelText(label: string, t: ReturnType<typeof useTexts<'customers'>>['t']): string {
  return label === 'mobile' || label === 'home' || label === 'work' ? t(`label.${label}`) : label
}

function Tickets({ customer }: { customer: string }) {
  const { t } = useTexts('customers')
  const query = useQuery({
    queryKey: ['tickets', 'of', customer],
    queryFn: ({ signal }) => api.get<PageOf<TicketLine>>('/tickets', { customer, open: true, limit: TICKETS_SHOWN }, signal),
  })
  const { refetch } = query
  useTicketFacts((ticket) => {
    if (ticket.customer === customer) void refetch()
  })
  const tickets = query.data?.items ?? []
  return (
    <Section
      title={<span className="px-4">{t('open_tickets')}</span>}
      className="pt-2"
      aside={
        <Link to="/tickets" search={{ view: 'all', customer }} className="px-4 text-xs text-accent-ink hover:underline">
          {t('all_tickets')}
        </Link>
      }
    >
      {query.isPending && <SkeletonLines count={4} label={t('common:loading')} />}
      {query.isError && <LoadProblem problem={query.error} onRetry={() => void refetch()} />}
      {query.isSuccess && tickets.length === 0 && <p className="px-4 text-ink-3">{t('no_tickets')}</p>}
      <ul className="divide-y divide-line">
        {tickets.map((ticket) => (
          <TicketItem key={ticket.id} ticket={ticket} />
        ))}
      </ul>
    </Section>
  )
}

function TicketItem({ ticket }: { ticket: TicketLine }) {
  const { t } = useTexts('customers')
  const clock = nextClock(ticket.clocks)
  return (
    <li className="px-4 py-2">
      <p className="flex items-baseline gap-2">
        <Link to="/tickets/$id" params={{ id: ticket.id }} className="shrink-0 text-accent-ink hover:underline">
          #{ticket.number}
        </Link>
        <span className="truncate font-medium" title={ticket.subject}>
          {ticket.subject}
        </span>
      </p>
      <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-ink-2">
        <TicketStateBadge state={ticket.state} />
        {clock && <ClockBadge clock={clock} state={ticket.state} />}
        {(ticket.priority === 'high' || ticket.priority === 'urgent') && <PriorityMark priority={ticket.priority} />}
        <span>{t(`common:ticket.type.${ticket.type}`)}</span>
      </p>
    </li>
  )
}
