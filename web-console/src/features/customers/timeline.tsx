// What happened with a customer, newest first, and a place to write down what happened elsewhere.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Footprints, Globe, Mail, PhoneIncoming, PhoneOutgoing, StickyNote, type LucideIcon } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import type { Interaction } from '@/api/types'
import { spanText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { MoreRows } from '@/lib/more-rows'
import { useNames } from '@/lib/use-names'
import { usePages } from '@/lib/use-pages'
import { When } from '@/lib/when'
import { Button, SkeletonLines, TextArea } from '@/ui'

const NOTE_CHARS_MAX = 10_000

export function Timeline({ customer }: { customer: string }) {
  const { t } = useTexts('customers')
  const list = usePages<Interaction>(['customers', customer, 'timeline'], `/customers/${customer}/timeline`, { limit: 30 })
  return (
    <>
      <NoteForm customer={customer} />
      <section aria-label={t('timeline')} className="min-h-0 flex-1 lg:overflow-auto">
        {list.isPending && <SkeletonLines count={9} label={t('common:loading')} />}
        {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
        {list.isSuccess && list.items.length === 0 && <p className="p-4 text-ink-3">{t('no_timeline')}</p>}
        <ol className="divide-y divide-line">
          {list.items.map((interaction) => (
            <Row key={interaction.id} interaction={interaction} />
          ))}
        </ol>
        <MoreRows list={list} />
      </section>
    </>
  )
}

function NoteForm({ customer }: { customer: string }) {
  const { t } = useTexts('customers')
  const client = useQueryClient()
  const [text, setText] = useState('')
  const save = useMutation({
    mutationFn: (notes: string) => api.post<Interaction>(`/customers/${customer}/notes`, { notes }),
    onSuccess: () => {
      setText('')
      void client.invalidateQueries({ queryKey: ['customers', customer] })
    },
  })
  const isEmpty = text.trim() === ''
  const submit = () => {
    if (!isEmpty && !save.isPending) save.mutate(text.trim())
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      className="shrink-0 border-b border-line px-4 py-2"
    >
      <TextArea
        label={t('note.label')}
        isLabelHidden
        placeholder={t('note.placeholder')}
        rows={isEmpty ? 1 : 3}
        value={text}
        onChange={setText}
        onKeyDown={(event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && submit()}
        maxLength={NOTE_CHARS_MAX}
        error={save.isError ? problemText(save.error) : undefined}
        data-testid="note-text"
      />
      {!isEmpty && (
        <div className="mt-2 flex items-center justify-end gap-2">
          <span className="text-xs text-ink-3">{t('note.hint')}</span>
          <Button type="submit" size="sm" tone="accent" isDisabled={save.isPending} data-testid="note-save">
            {save.isPending ? t('common:saving') : t('note.save')}
          </Button>
        </div>
      )}
    </form>
  )
}

const ICONS: Record<Exclude<Interaction['channel'], 'call'>, LucideIcon> = { web: Globe, note: StickyNote, email: Mail, visit: Footprints }

function Row({ interaction }: { interaction: Interaction }) {
  const { t } = useTexts('customers')
  const names = useNames()
  const { channel, direction } = interaction
  const Icon = channel === 'call' ? (direction === 'outbound' ? PhoneOutgoing : PhoneIncoming) : ICONS[channel]
  const kind = channel === 'note' || channel === 'visit' ? t(`common:channel.${channel}`) : `${t(`common:channel.${channel}`)} · ${t(`common:direction.${direction}`)}`
  const title = interaction.disposition ? names.disposition(interaction.disposition) : interaction.reason ? names.reason(interaction.reason) : t(`common:channel.${channel}`)
  const facts = [kind, names.agent(interaction.agent), names.queue(interaction.queue), interaction.duration_ms > 0 ? spanText(interaction.duration_ms) : '']
  return (
    <li className="flex gap-3 px-4 py-2">
      <Icon size={16} aria-hidden className="mt-0.5 shrink-0 text-ink-3" />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2">
          <span className="truncate font-medium">{title}</span>
          <When at={interaction.at} />
        </p>
        {interaction.notes !== '' && <p className="break-words whitespace-pre-wrap text-ink-2">{interaction.notes}</p>}
        <p className="flex flex-wrap gap-x-3 text-xs text-ink-3">
          {facts
            .filter((fact) => fact !== '')
            .map((fact) => (
              <span key={fact}>{fact}</span>
            ))}
          {interaction.call && (
            <Link to="/calls/$id" params={{ id: interaction.call }} className="text-accent-ink hover:underline">
              {t('open_call')}
            </Link>
          )}
          {interaction.ticket && interaction.ticket_number != null && (
            <Link to="/tickets/$id" params={{ id: interaction.ticket }} className="text-accent-ink hover:underline">
              {t('common:ticket.word')} #{interaction.ticket_number}
            </Link>
          )}
        </p>
      </div>
    </li>
  )
}
