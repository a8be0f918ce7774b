import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ApiProblem, api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import type { FieldConflict, TicketCommand, TicketView } from '@/api/records'
import type { TicketLine } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { showToast } from '@/ui'

/** Sends commands with the version that is on screen. What was changed meanwhile is loaded and said. */
export function useTicketCommand(ticket: TicketView, address: string) {
  const { t } = useTexts('tickets')
  const client = useQueryClient()
  const send = useMutation({
    mutationFn: ({ command, isForced = false }: { command: TicketCommand; isForced?: boolean }) =>
      api.post<TicketLine>(`/tickets/${ticket.id}/commands`, { version: isForced ? null : ticket.version, ...command }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['tickets', address] })
      void client.invalidateQueries({ queryKey: ['tickets', 'list'] })
    },
    onError: (error, { command }) => {
      const conflicts = error instanceof ApiProblem && error.kind === 'field-conflict' ? ((error.extra.conflicts ?? []) as FieldConflict[]) : []
      const first = conflicts[0]
      if (first !== undefined) {
        void client.invalidateQueries({ queryKey: ['tickets', address] })
        const what = first.field.startsWith('field.') ? first.field.slice('field.'.length) : t(`conflict_field.${first.field as ConflictField}`)
        const theirs = typeof first.theirs === 'string' ? first.theirs : t('nothing')
        showToast({ tone: 'bad', text: t('conflict', { what, theirs }), action: { label: t('conflict_mine'), run: () => send.mutate({ command, isForced: true }) } })
      } else if (error instanceof ApiProblem && error.kind === 'changed-meanwhile') {
        void client.invalidateQueries({ queryKey: ['tickets', address] })
        showToast({ tone: 'bad', text: t('changed_meanwhile') })
      } else if (!(error instanceof ApiProblem && error.fields.length > 0)) showToast({ tone: 'bad', text: problemText(error) })
    },
  })
  return send
}

type ConflictField = 'state' | 'owner' | 'subject' | 'type' | 'priority' | 'queue' | 'customer' | 'disposition'
