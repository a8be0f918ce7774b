// The customer's record as the pop paints it: who, what is open, what came last.
import { Link } from '@tanstack/react-router'
import { Building2, Mail, Pencil, Phone, StickyNote, Users, Globe, Footprints, type LucideIcon } from 'lucide-react'
import type { CustomerSnapshot, Interaction } from '@/api/types'
import { agoText, pointText, spanText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { languageText, segmentText } from '@/i18n/words'
import { CallButton } from '@/lib/call-button'
import { useNow } from '@/lib/use-live'
import { useNames } from '@/lib/use-names'
import type { CallView } from '@/live/protocol'
import { Badge, Section } from '@/ui'
import { WhyTheyCall } from './reason'
import { TicketRow } from './ticket-row'

export function Record({ call, snapshot }: { call: CallView; snapshot: CustomerSnapshot }) {
  const { t } = useTexts('desk')
  const { customer, open_tickets: tickets, interactions } = snapshot
  return (
    <article className="flex h-full min-h-0 flex-col">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 pt-3 pb-2">
        <h1 data-testid="pop-name" className="min-w-0 truncate text-xl">
          {customer.name}
        </h1>
        <Badge tone={customer.segment === 'gold' ? 'warn' : 'neutral'}>{segmentText(customer.segment)}</Badge>
        <Badge className="capitalize">{languageText(customer.language)}</Badge>
        <Link to={`/customers/${customer.id}` as string} className="ml-auto flex items-center gap-1 text-accent-ink hover:underline">
          <Pencil size={14} aria-hidden />
          {t('record.open')}
        </Link>
        <div className="flex w-full flex-wrap items-center gap-x-3 text-ink-2">
          {customer.organisation && (
            <span className="flex items-center gap-1.5">
              <Building2 size={14} aria-hidden /> {customer.organisation}
            </span>
          )}
          {customer.phones.slice(0, 3).map((phone) => (
            <CallButton key={phone.number} number={phone.number} customer={customer.id} className="-mx-1 px-1" />
          ))}
          {customer.emails.slice(0, 1).map((email) => (
            <span key={email.address} className="flex min-w-0 items-center gap-1.5">
              <Mail size={14} aria-hidden className="shrink-0" />
              <span className="truncate">{email.address}</span>
            </span>
          ))}
          {customer.document && <span>{customer.document}</span>}
        </div>
      </header>
      <WhyTheyCall call={call} />
      <div className="grid min-h-0 flex-1 grid-cols-1 overflow-auto lg:grid-cols-2 lg:overflow-hidden">
        <div className="min-h-0 px-1 lg:overflow-auto lg:border-r lg:border-line">
          <Section title={<span className="px-3">{t('record.open_tickets', { count: tickets.length })}</span>}>
            {tickets.length > 0 && (
              <ul className="divide-y divide-line">
                {tickets.map((ticket) => (
                  <TicketRow key={ticket.id} ticket={ticket} />
                ))}
              </ul>
            )}
          </Section>
          {customer.products.length > 0 && (
            <Section title={<span className="px-3">{t('record.products')}</span>} className="border-t border-line">
              <ul className="pb-1">
                {customer.products.map((product) => (
                  <li key={product.name} className="flex gap-2 px-3 py-1">
                    <span className="min-w-0 flex-1 truncate">{product.name}</span>
                    <span className="text-ink-3">{product.status === 'active' || product.status === 'cancelled' ? t(`record.product.${product.status}`) : product.status}</span>
                  </li>
                ))}
              </ul>
            </Section>
          )}
          {customer.notes !== '' && (
            <Section title={<span className="px-3">{t('record.notes')}</span>} className="border-t border-line">
              <p className="px-3 pb-2 whitespace-pre-wrap text-ink-2">{customer.notes}</p>
            </Section>
          )}
        </div>
        <div className="min-h-0 px-1 lg:overflow-auto">
          <Section title={<span className="px-3">{t('record.interactions')}</span>}>
            {interactions.length === 0 ? (
              <p className="px-3 pb-2 text-ink-3">{t('record.no_interactions')}</p>
            ) : (
              <ol>
                {interactions.map((interaction) => (
                  <InteractionRow key={interaction.id} interaction={interaction} />
                ))}
              </ol>
            )}
          </Section>
        </div>
      </div>
    </article>
  )
}

const CHANNELS: Record<Interaction['channel'], LucideIcon> = { call: Phone, web: Globe, note: StickyNote, email: Mail, visit: Footprints }

function InteractionRow({ interaction }: { interaction: Interaction }) {
  const { t, i18n } = useTexts('desk')
  const now = useNow()
  const names = useNames()
  const Icon = CHANNELS[interaction.channel] ?? Users
  const title = names.disposition(interaction.disposition) || names.reason(interaction.reason) || t(`common:channel.${interaction.channel}`)
  return (
    <li className="flex gap-2.5 px-3 py-1.5">
      <Icon size={15} aria-label={t(`common:channel.${interaction.channel}`)} className="mt-0.5 shrink-0 text-ink-3" />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2">
          <span className="truncate font-medium">{title}</span>
          <time dateTime={interaction.at} className="ml-auto shrink-0 text-xs text-ink-3">
            {agoText(interaction.at, now, i18n.language)}
          </time>
        </p>
        {interaction.notes !== '' && <p className="line-clamp-2 break-words text-ink-2">{interaction.notes}</p>}
        <p className="flex flex-wrap gap-x-2 text-xs text-ink-3">
          <span>{t(`common:direction.${interaction.direction}`)}</span>
          {interaction.agent && <span>{names.agent(interaction.agent)}</span>}
          {interaction.duration_ms > 0 && <span>{spanText(interaction.duration_ms)}</span>}
          <span>{pointText(interaction.at, now, i18n.language)}</span>
          {interaction.ticket && interaction.ticket_number != null && (
            <Link to={`/tickets/${interaction.ticket}` as string} className="text-accent-ink hover:underline">
              #{interaction.ticket_number}
            </Link>
          )}
        </p>
      </div>
    </li>
  )
}
