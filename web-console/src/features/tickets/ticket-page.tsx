// One ticket: its clocks, what can be done with it now, what was said, and whose it is.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useRouteContext } from '@tanstack/react-router'
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import type { TicketCommand, TicketView } from '@/api/records'
import type { Customer } from '@/api/types'
import { dateTimeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { segmentText } from '@/i18n/words'
import { CallButton } from '@/lib/call-button'
import { LoadProblem } from '@/lib/load-problem'
import { useNames } from '@/lib/use-names'
import { useTicketFacts } from '@/lib/use-ticket-facts'
import { Badge, Button, Dialog, IconButton, Page, PriorityMark, Section, Select, showToast, SkeletonLines, TextField, TicketStateBadge } from '@/ui'
import { Clocks } from './clocks'
import { Conversation } from './conversation'
import { DispositionField, OwnerField, QueueField } from './fields'
import { PRIORITIES, TYPES } from './search'
import { Moves } from './moves'
import { useTicketCommand } from './use-ticket-command'
import { stateName, useWorkflow } from './use-workflow'
import { WorkflowFields } from './workflow-fields'

export function TicketPage() {
  const { t } = useTexts('tickets')
  const { id } = useParams({ from: '/shell/tickets/$id' })
  const query = useQuery({ queryKey: ['tickets', id], queryFn: ({ signal }) => api.get<TicketView>(`/tickets/${id}`, {}, signal) })
  const { refetch, data: ticket } = query
  useTicketFacts((changed) => {
    if (ticket && changed.id === ticket.id && changed.version > ticket.version) void refetch()
  })
  if (query.isError)
    return (
      <Page title={t('title')}>
        <LoadProblem problem={query.error} onRetry={() => void refetch()} />
      </Page>
    )
  if (!ticket)
    return (
      <Page title={t('title')}>
        <SkeletonLines count={10} label={t('common:loading')} />
      </Page>
    )
  return <Ticket ticket={ticket} address={id} />
}

function Ticket({ ticket, address }: { ticket: TicketView; address: string }) {
  const { t, i18n } = useTexts('tickets')
  const { session } = useRouteContext({ from: '/shell' })
  const names = useNames()
  const send = useTicketCommand(ticket, address)
  const [isRenaming, setRenaming] = useState(false)
  const { data: workflow } = useWorkflow()
  const fields = workflow?.workflow.types[ticket.type]?.fields ?? []
  const isOver = ticket.state === 'closed' || ticket.state === 'merged' || ticket.state === 'cancelled'

  /** Does it at once and offers the way back. */
  const change = (command: TicketCommand, back: TicketCommand | null, text: string) =>
    send.mutate(
      { command },
      {
        onSuccess: () => {
          if (back) showToast({ tone: 'good', text, action: { label: t('common:undo'), run: () => send.mutate({ command: back, isForced: true }) } })
        },
      },
    )
  return (
    <Page
      isFlush
      title={
        <span className="flex min-w-0 items-center gap-2">
          <span className="shrink-0 text-ink-3" data-testid="ticket-number">
            #{ticket.number}
          </span>
          <span className="min-w-0 break-words" data-testid="ticket-title">
            {ticket.subject}
          </span>
          {!isOver && <IconButton icon={Pencil} label={t('rename')} size="sm" onPress={() => setRenaming(true)} />}
          <span className="flex shrink-0 items-center gap-2 text-xs font-normal">
            <TicketStateBadge state={ticket.state} name={stateName(workflow, ticket.type, ticket.status, i18n.language)} />
            <PriorityMark priority={ticket.priority} />
          </span>
        </span>
      }
      actions={
        <>
          <Moves ticket={ticket} names={names} user={session} isPending={send.isPending} error={send.error} onMove={(move, done) => send.mutate({ command: move }, { onSuccess: done })} />
        </>
      }
    >
      <div className="grid h-full min-h-0 grid-cols-1 overflow-auto lg:grid-cols-[minmax(0,1fr)_340px] lg:overflow-hidden">
        <Conversation key={ticket.id} ticket={ticket} names={names} isOver={isOver} send={send} />
        <aside aria-label={t('facts')} className="flex min-h-0 flex-col gap-4 border-line bg-ground p-4 lg:overflow-auto lg:border-l">
          <Clocks clocks={ticket.clocks} state={ticket.state} />
          {ticket.customer && <CustomerPart id={ticket.customer} />}
          <div className="grid grid-cols-2 gap-2">
            <OwnerField
              names={names}
              user={session}
              value={ticket.owner ?? null}
              isDisabled={isOver}
              onChange={(owner) => change({ do: 'assign', owner }, { do: 'assign', owner: ticket.owner ?? null }, owner === null ? t('done.unowned') : t('done.owner', { name: owner === session.user ? session.name : names.agent(owner) }))}
              className="col-span-2"
            />
            <Select
              label={t('field.priority')}
              choices={PRIORITIES.map((id) => ({ id, label: t(`common:ticket.priority.${id}`) }))}
              value={ticket.priority}
              isDisabled={isOver}
              onChange={(id) => {
                const priority = PRIORITIES.find((one) => one === id)
                if (priority) change({ do: 'change', priority }, { do: 'change', priority: ticket.priority }, t('done.priority', { value: t(`common:ticket.priority.${priority}`) }))
              }}
              data-testid="ticket-priority"
            />
            <Select
              label={t('field.type')}
              choices={TYPES.map((id) => ({ id, label: t(`common:ticket.type.${id}`) }))}
              value={ticket.type}
              isDisabled={isOver}
              onChange={(id) => {
                const type = TYPES.find((one) => one === id)
                if (type) change({ do: 'change', type }, { do: 'change', type: ticket.type }, t('done.type', { value: t(`common:ticket.type.${type}`) }))
              }}
            />
            <QueueField
              names={names}
              value={ticket.queue ?? null}
              isOptional={false}
              isDisabled={isOver}
              onChange={(queue) => {
                if (queue !== null) change({ do: 'change', queue }, ticket.queue ? { do: 'change', queue: ticket.queue } : null, t('done.queue', { name: names.queue(queue) }))
              }}
              className="col-span-2"
            />
            <DispositionField value={ticket.disposition ?? null} isDisabled={isOver} onChange={(id) => id !== null && id !== ticket.disposition && change({ do: 'change', disposition: id }, ticket.disposition ? { do: 'change', disposition: ticket.disposition } : null, t('done.disposition', { name: names.disposition(id) }))} className="col-span-2" />
          </div>
          {fields.length > 0 && workflow && <WorkflowFields key={`${ticket.id}.${ticket.version}`} keys={fields} rules={workflow.workflow.fields} values={ticket.fields} isDisabled={isOver || send.isPending} onSave={(changed) => send.mutate({ command: { do: 'set_fields', fields: changed } })} />}
          {ticket.follows && (
            <Link to="/tickets/$id" params={{ id: ticket.follows }} className="text-accent-ink hover:underline">
              {t('follows')}
            </Link>
          )}
          <p className="text-xs text-ink-3">
            {ticket.moves_at && <span className="block">{t('by_itself', { at: dateTimeText(ticket.moves_at, i18n.language) })}</span>}
            {ticket.is_internal && <span className="block">{t('internal_matter')}</span>}
            <span className="block">{t('opened_at', { at: dateTimeText(ticket.created_at, i18n.language) })}</span>
            {ticket.updated_at !== ticket.created_at && <span className="block">{t('changed_at', { at: dateTimeText(ticket.updated_at, i18n.language) })}</span>}
          </p>
        </aside>
      </div>
      {isRenaming && <Rename ticket={ticket} isPending={send.isPending} onClose={() => setRenaming(false)} onSave={(subject) => send.mutate({ command: { do: 'change', subject } }, { onSuccess: () => setRenaming(false) })} />}
    </Page>
  )
}

function CustomerPart({ id }: { id: string }) {
  const { t } = useTexts('tickets')
  const { data: customer, isError } = useQuery({ queryKey: ['customers', id], queryFn: ({ signal }) => api.get<Customer>(`/customers/${id}`, {}, signal) })
  if (isError) return null
  return (
    <Section title={t('field.customer')}>
      {customer ? (
        <>
          <p className="flex items-center gap-2">
            <Link to="/customers/$id" params={{ id }} className="min-w-0 truncate font-medium text-accent-ink hover:underline" data-testid="ticket-customer">
              {customer.name}
            </Link>
            <Badge tone={customer.segment === 'gold' ? 'warn' : 'neutral'}>{segmentText(customer.segment)}</Badge>
          </p>
          {customer.organisation && <p className="truncate text-ink-2">{customer.organisation}</p>}
          <p className="flex flex-wrap gap-x-4">
            {customer.phones.slice(0, 2).map((phone) => (
              <CallButton key={phone.number} number={phone.number} customer={id} className="-mx-2 px-2" />
            ))}
          </p>
        </>
      ) : (
        <SkeletonLines count={2} label={t('common:loading')} />
      )}
    </Section>
  )
}

const SUBJECT_CHARS_MAX = 200

function Rename({ ticket, isPending, onClose, onSave }: { ticket: TicketView; isPending: boolean; onClose: () => void; onSave: (subject: string) => void }) {
  const { t } = useTexts('tickets')
  const [subject, setSubject] = useState(ticket.subject)
  return (
    <Dialog title={t('rename')} isOpen onClose={onClose} closeLabel={t('common:close')}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (subject.trim() !== '') onSave(subject.trim())
        }}
        className="flex flex-col gap-3"
      >
        <TextField label={t('field.subject')} value={subject} onChange={setSubject} autoFocus isRequired maxLength={SUBJECT_CHARS_MAX} />
        <div className="flex justify-end gap-2">
          <Button onPress={onClose}>{t('common:cancel')}</Button>
          <Button type="submit" tone="accent" isDisabled={isPending || subject.trim() === ''}>
            {t('common:save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
