// What was told, said and done, oldest first, and the field for the next word.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { AlarmClock, ArrowRight, Eye, Footprints, Globe, Headphones, History, Lock, Mail, MessageSquare, PhoneIncoming, PhoneOutgoing, StickyNote, type LucideIcon } from 'lucide-react'
import { useEffect, useState } from 'react'
import { api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import type { RecordingEntry, TicketEntry, TicketView } from '@/api/records'
import type { Interaction } from '@/api/types'
import { spanText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { readSetting, writeSetting } from '@/lib/storage'
import type { Names } from '@/lib/use-names'
import { When } from '@/lib/when'
import { Badge, Button, cx, showToast, TextArea } from '@/ui'
import { useChangeTexts } from './change-text'
import { threadOf, type ThreadItem } from './thread'
import { useThread } from './use-thread'
import type { useTicketCommand } from './use-ticket-command'

const TEXT_CHARS_MAX = 20_000

export function Conversation({ ticket, names, isOver, send }: { ticket: TicketView; names: Names; isOver: boolean; send: ReturnType<typeof useTicketCommand> }) {
  const { t } = useTexts('tickets')
  const earlier = useThread(ticket)
  const thread = threadOf(earlier.thread)
  return (
    <div className="flex min-h-0 flex-col">
      <section aria-label={t('history')} className="min-h-0 flex-1 lg:overflow-auto">
        <div className="border-b border-line px-4 py-3">
          {ticket.description === '' ? <p className="text-ink-3">{t('no_description')}</p> : <p className="max-w-prose break-words whitespace-pre-wrap">{ticket.description}</p>}
        </div>
        {earlier.hasEarlier && (
          <div className="flex flex-col items-center gap-1 px-4 py-2">
            <Button size="sm" tone="plain" icon={History} isDisabled={earlier.isLoading} onPress={() => void earlier.showEarlier()} data-testid="thread-earlier">
              {t('show_earlier')}
            </Button>
            {earlier.error !== null && (
              <p role="alert" className="text-bad-ink">
                {problemText(earlier.error)}
              </p>
            )}
          </div>
        )}
        <ol data-testid="ticket-thread">
          {thread.map((item, i) => {
            switch (item.kind) {
              case 'entry':
                return <Entry key={item.entry.id} entry={item.entry} names={names} />
              case 'interaction':
                return <Contact key={item.interaction.id} interaction={item.interaction} names={names} />
              case 'change':
                return <Change key={i} item={item} names={names} />
            }
          })}
        </ol>
        {thread.length === 0 && <p className="p-4 text-ink-3">{t('no_history')}</p>}
      </section>
      {isOver && ticket.state !== 'closed' ? <p className="shrink-0 border-t border-line px-4 py-3 text-ink-3">{t('over')}</p> : <Composer key={ticket.id} ticket={ticket} isClosed={isOver} send={send} />}
    </div>
  )
}

function useAuthor(names: Names): (author: string) => string {
  const { t } = useTexts('tickets')
  return (author) => (author === 'system' || author === 'customer' ? t(`author.${author}`) : names.agent(author))
}

function Entry({ entry, names }: { entry: TicketEntry; names: Names }) {
  const { t } = useTexts('tickets')
  const authorOf = useAuthor(names)
  return (
    <li className={cx('border-l-2 px-4 py-2', entry.is_public ? 'border-accent' : 'border-warn bg-warn-soft/40')}>
      <p className="flex items-center gap-2">
        <span className="font-medium">{authorOf(entry.author)}</span>
        {entry.kind !== 'customer' && (
          <Badge tone={entry.is_public ? 'accent' : 'warn'} icon={entry.is_public ? Eye : Lock}>
            {entry.is_public ? t('public') : t('internal')}
          </Badge>
        )}
        <When at={entry.at} />
      </p>
      <p className="mt-1 max-w-prose break-words whitespace-pre-wrap">{entry.text}</p>
    </li>
  )
}

function Change({ item, names }: { item: Extract<ThreadItem, { kind: 'change' }>; names: Names }) {
  const authorOf = useAuthor(names)
  const texts = useChangeTexts(item.change, item.subject, names)
  const Icon = item.change.kind === 'sla_breached' ? AlarmClock : ArrowRight
  return (
    <li className="flex items-baseline gap-2 px-4 py-1.5 text-ink-2" data-testid="ticket-change">
      <Icon size={14} aria-hidden className="shrink-0 self-center text-ink-3" />
      <span className="min-w-0 break-words">
        <span className="font-medium">{authorOf(item.by)}</span> {texts.join('; ')}
      </span>
      <When at={item.at} />
    </li>
  )
}

const ICONS: Record<Exclude<Interaction['channel'], 'call'>, LucideIcon> = { web: Globe, note: StickyNote, email: Mail, visit: Footprints }

function Contact({ interaction, names }: { interaction: Interaction; names: Names }) {
  const { t } = useTexts('tickets')
  const { channel, direction } = interaction
  const Icon = channel === 'call' ? (direction === 'outbound' ? PhoneOutgoing : PhoneIncoming) : ICONS[channel]
  return (
    <li className="flex gap-3 px-4 py-2">
      <Icon size={16} aria-hidden className="mt-0.5 shrink-0 text-ink-3" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium">
            {t(`common:channel.${channel}`)}
            {channel === 'call' || channel === 'web' ? ` · ${t(`common:direction.${direction}`)}` : ''}
          </span>
          <span className="text-ink-2">{names.agent(interaction.agent)}</span>
          {interaction.duration_ms > 0 && <span className="text-xs text-ink-3">{spanText(interaction.duration_ms)}</span>}
          {interaction.call && (
            <Link to="/calls/$id" params={{ id: interaction.call }} className="text-xs text-accent-ink hover:underline">
              {t('open_call')}
            </Link>
          )}
          <When at={interaction.at} />
        </p>
        {interaction.call && direction === 'inbound' && interaction.agent == null && <Message call={interaction.call} />}
        {interaction.notes !== '' && <p className="max-w-prose break-words whitespace-pre-wrap text-ink-2">{interaction.notes}</p>}
      </div>
    </li>
  )
}

/** What a caller said into the voicemail. It is asked for by hand, since who listens is written down. */
function Message({ call }: { call: string }) {
  const { t } = useTexts('tickets')
  const [isWanted, setWanted] = useState(false)
  const { data, isError } = useQuery({
    queryKey: ['calls', call, 'recordings'],
    queryFn: ({ signal }) => api.get<{ items: RecordingEntry[] }>(`/calls/${call}/recordings`, {}, signal),
    enabled: isWanted,
    retry: false,
  })
  const recording = data?.items.find((entry) => entry.deleted_at == null && entry.length_ms > 0)
  if (!isWanted)
    return (
      <Button size="sm" icon={Headphones} onPress={() => setWanted(true)} data-testid="listen-message">
        {t('listen')}
      </Button>
    )
  if (isError || (data !== undefined && recording === undefined)) return <p className="text-xs text-ink-3">{t('no_message')}</p>
  // oxlint-disable-next-line jsx-a11y/media-has-caption -- there is no text of what was said
  return recording === undefined ? null : <audio controls autoPlay src={`/api/v1/recordings/${recording.id}/audio`} aria-label={t('listen')} className="h-8 w-80 max-w-full" />
}

type Word = 'internal' | 'public' | 'customer'

const WORDS: Record<Word, LucideIcon> = { internal: Lock, public: Eye, customer: MessageSquare }

/** The draft survives a reload and a change of page. */
function Composer({ ticket, isClosed, send }: { ticket: TicketView; /** Only the customer can open it again. */ isClosed: boolean; send: ReturnType<typeof useTicketCommand> }) {
  const { t } = useTexts('tickets')
  const navigate = useNavigate()
  const place = `ticket.${ticket.id}.draft`
  const [text, setText] = useState(() => readSetting(place) ?? '')
  const [kind, setKind] = useState<Word>(isClosed ? 'customer' : 'internal')
  useEffect(() => writeSetting(place, text === '' ? null : text), [place, text])
  const isEmpty = text.trim() === ''
  const isSending = send.isPending && (send.variables.command.do === 'comment' || send.variables.command.do === 'customer_wrote')
  const kinds: readonly Word[] = isClosed ? ['customer'] : ['internal', 'public', 'customer']
  const submit = () => {
    if (isEmpty || isSending) return
    const command = kind === 'customer' ? ({ do: 'customer_wrote', text: text.trim() } as const) : ({ do: 'comment', text: text.trim(), is_public: kind === 'public' } as const)
    send.mutate(
      { command, isForced: true },
      {
        onSuccess: (line) => {
          setText('')
          // What was closed too long ago goes on in a new ticket.
          if (line.id === ticket.id) return
          showToast({ tone: 'good', text: t('customer_said.followed', { number: line.number }) })
          void navigate({ to: '/tickets/$id', params: { id: line.id } })
        },
      },
    )
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      className={cx('shrink-0 border-t-2 px-4 py-2', kind === 'public' ? 'border-accent' : kind === 'internal' ? 'border-warn' : 'border-line-strong')}
    >
      <div role="radiogroup" aria-label={t('comment.kind')} className="mb-1.5 flex items-center gap-1">
        {kinds.map((one) => {
          const Icon = WORDS[one]
          return (
            <button
              key={one}
              type="button"
              role="radio"
              aria-checked={kind === one}
              onClick={() => setKind(one)}
              className={cx(
                'inline-flex h-7 cursor-pointer items-center gap-1.5 rounded-md px-2 font-medium',
                kind !== one ? 'text-ink-2 hover:bg-hover' : one === 'public' ? 'bg-accent-soft text-accent-ink' : one === 'internal' ? 'bg-warn-soft text-warn-ink' : 'bg-hover text-ink',
              )}
              data-testid={`comment-${one}`}
            >
              <Icon size={14} aria-hidden />
              {one === 'customer' ? t('customer_said.kind') : t(`comment.${one}`)}
            </button>
          )
        })}
        <span className="ml-auto text-xs text-ink-3">{kind === 'customer' ? t('customer_said.hint') : t(`comment.${kind}_hint`)}</span>
      </div>
      <TextArea
        label={kind === 'customer' ? t('customer_said.kind') : t(`comment.${kind}`)}
        isLabelHidden
        placeholder={kind === 'customer' ? t('customer_said.placeholder') : t(`comment.${kind}_placeholder`)}
        rows={3}
        value={text}
        onChange={setText}
        onKeyDown={(event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && submit()}
        maxLength={TEXT_CHARS_MAX}
        error={send.isError && (send.variables.command.do === 'comment' || send.variables.command.do === 'customer_wrote') ? problemText(send.error) : undefined}
        data-testid="comment-text"
      />
      <div className="mt-2 flex items-center justify-end gap-2">
        <span className="text-xs text-ink-3">{t('comment.keys')}</span>
        <Button type="submit" tone="accent" isDisabled={isEmpty || isSending} data-testid="comment-save">
          {isSending ? t('common:saving') : kind === 'customer' ? t('customer_said.save') : t(`comment.save_${kind}`)}
        </Button>
      </div>
    </form>
  )
}
