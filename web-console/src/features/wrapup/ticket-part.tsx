// From the call to a ticket in one action: a new one, or added to one that is open.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, Plus } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import type { Page, Priority, Queue, TicketLine, TicketType } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { useFloor } from '@/lib/use-live'
import type { CallView } from '@/live/protocol'
import { Button, Select, TextField } from '@/ui'

const TYPES: readonly TicketType[] = ['request', 'complaint', 'return', 'enquiry', 'incident', 'suggestion', 'callback']
const PRIORITIES: readonly Priority[] = ['low', 'normal', 'high', 'urgent']

interface NewTicket {
  type: TicketType
  subject: string
  description: string
  priority: Priority
  queue: string | null
  customer: string | null
  disposition: string | null
}

type CallTicket = { ticket: string } | { new: NewTicket }

interface TicketPartProps {
  call: CallView
  queue: Queue | undefined
  /** What stands in the field until the agent types: the disposition or the reason, in words. */
  subject: string
  disposition: string | null
  notes: string
}

/** The tickets that the call has, also after a reload; the form for one, until there is one. */
export function TicketPart(props: TicketPartProps) {
  const { t } = useTexts('wrapup')
  const { call } = props
  const client = useQueryClient()
  const key = ['calls', call.id, 'tickets']
  const { data: saved = [] } = useQuery({ queryKey: key, queryFn: ({ signal }) => api.get<Page<TicketLine>>(`/calls/${call.id}/tickets`, {}, signal).then((page) => page.items) })
  const [isMore, setMore] = useState(false)
  return (
    <div className="flex flex-col gap-2">
      {saved.map((ticket) => (
        <p key={ticket.id} role="status" className="flex items-center gap-2 rounded-md bg-good-soft px-2 py-1.5 text-good-ink" data-testid="ticket-saved">
          <CircleCheck size={16} aria-hidden className="shrink-0" />
          <Link to={`/tickets/${ticket.id}` as string} className="shrink-0 font-semibold underline">
            #{ticket.number}
          </Link>
          <span className="truncate">{ticket.subject}</span>
        </p>
      ))}
      {saved.length > 0 && !isMore ? (
        <Button size="sm" tone="plain" icon={Plus} onPress={() => setMore(true)} className="self-start" data-testid="ticket-more">
          {t('ticket.more')}
        </Button>
      ) : (
        <TicketForm
          key={saved.length}
          {...props}
          taken={saved}
          onSaved={(ticket) => {
            setMore(false)
            client.setQueryData<TicketLine[]>(key, (old = []) => [...old.filter((one) => one.id !== ticket.id), ticket])
          }}
        />
      )}
    </div>
  )
}

function TicketForm({ call, queue, subject: suggested, disposition, notes, taken, onSaved }: TicketPartProps & { taken: readonly TicketLine[]; onSaved: (ticket: TicketLine) => void }) {
  const { t } = useTexts('wrapup')
  const client = useQueryClient()
  const customer = call.party.customer ?? null
  const open = (useFloor((floor) => floor.pops.get(call.id)?.find((match) => match.customer.id === customer)?.open_tickets) ?? []).filter((ticket) => !taken.some((one) => one.id === ticket.id))
  const ownType = TYPES.find((type) => type === queue?.ticket_type) ?? 'enquiry'
  const [type, setType] = useState<TicketType | null>(null)
  const [priority, setPriority] = useState<Priority>('normal')
  const [typed, setTyped] = useState<string | null>(null)
  const subject = typed ?? suggested

  const save = useMutation({
    mutationFn: (body: CallTicket) => api.post<TicketLine>(`/calls/${call.id}/ticket`, body),
    onSuccess: (ticket) => {
      onSaved(ticket)
      void client.invalidateQueries({ queryKey: ['tickets'] })
      if (customer !== null) void client.invalidateQueries({ queryKey: ['customers', customer] })
    },
  })

  return (
    <div className="flex flex-col gap-2">
      {open.length > 0 && (
        <ul className="flex flex-col gap-1">
          {open.slice(0, 3).map((ticket) => (
            <li key={ticket.id} className="flex items-center gap-2">
              <span className="min-w-0 flex-1 truncate" title={ticket.subject}>
                <span className="text-ink-3">#{ticket.number}</span> {ticket.subject}
              </span>
              <Button size="sm" isDisabled={save.isPending} onPress={() => save.mutate({ ticket: ticket.id })} data-testid={`ticket-add-${ticket.number}`}>
                {t('ticket.add')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <TextField label={t('ticket.subject')} isLabelHidden placeholder={t('ticket.subject')} value={subject} onChange={setTyped} maxLength={200} data-testid="ticket-subject" />
      <div className="flex items-end gap-1.5">
        <Select
          label={t('ticket.type')}
          isLabelHidden
          choices={TYPES.map((one) => ({ id: one, label: t(`common:ticket.type.${one}`) }))}
          value={type ?? ownType}
          onChange={(id) => setType(TYPES.find((one) => one === id) ?? null)}
          className="min-w-0 flex-1"
        />
        <Select
          label={t('ticket.priority')}
          isLabelHidden
          choices={PRIORITIES.map((one) => ({ id: one, label: t(`common:ticket.priority.${one}`) }))}
          value={priority}
          onChange={(id) => setPriority(PRIORITIES.find((one) => one === id) ?? 'normal')}
          className="w-24"
        />
        <Button
          icon={Plus}
          isDisabled={save.isPending || subject.trim() === ''}
          onPress={() => save.mutate({ new: { type: type ?? ownType, subject: subject.trim(), description: notes, priority, queue: call.queue ?? null, customer, disposition } })}
          data-testid="ticket-new"
        >
          {t('ticket.new')}
        </Button>
      </div>
      {save.isError && (
        <p role="alert" className="text-bad-ink">
          {problemText(save.error)}
        </p>
      )}
    </div>
  )
}
