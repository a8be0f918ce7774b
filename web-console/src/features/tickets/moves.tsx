// What can follow: the moves that the workflow holds, each with what it asks for before it is made.
import { Lock } from 'lucide-react'
import { useState } from 'react'
import { ApiProblem } from '@/api/client'
import { flawText } from '@/api/problem-text'
import type { MoveOption, TicketCommand, TicketView, WorkflowView } from '@/api/records'
import type { TicketState } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import type { Names } from '@/lib/use-names'
import { Badge, Button, PopoverPanel, TextArea } from '@/ui'
import { DispositionField, OwnerField } from './fields'
import { asksOf, canBeGiven, isSatisfied, NOTHING_GIVEN, type Given } from './guards'
import { stateName, textIn, useWorkflow } from './use-workflow'
import { WorkflowField } from './workflow-field'

const REASON_CHARS_MAX = 500

type Move = Extract<TicketCommand, { do: 'move' }>

/** The moves that the table holds; those that a role holds back say so, those that ask for something ask in place. */
export function Moves({ ticket, names, user, isPending, error, onMove }: { ticket: TicketView; names: Names; user: { user: string; name: string }; isPending: boolean; error: unknown; onMove: (move: Move, done: () => void) => void }) {
  const { t, i18n } = useTexts('tickets')
  const { data: workflow } = useWorkflow()
  const [asked, setAsked] = useState<string | null>(null)
  if (ticket.moves.length === 0) return <Badge>{t('no_moves')}</Badge>
  const close = () => setAsked(null)
  return (
    <div role="group" aria-label={t('moves')} className="flex flex-wrap gap-1.5">
      {ticket.moves.toSorted((a, b) => rankOf(a.state) - rankOf(b.state)).map((option) => {
        const { to, state } = option
        const tone = state === 'cancelled' ? ('plain' as const) : state === 'solved' || (ticket.state === 'solved' && state === 'closed') ? ('accent' as const) : ('quiet' as const)
        const label = labelOf(option, ticket, workflow, i18n.language, t)
        const asks = asksOf(option)
        if (asks.role !== undefined) {
          return (
            <Button key={to} tone={tone} icon={Lock} isDisabled aria-label={`${label}: ${t(`needs_role.${asks.role}`)}`} data-testid={`move-${to}`}>
              {label}
            </Button>
          )
        }
        if (!asks.reason && asks.facts.length === 0) {
          return (
            <Button key={to} tone={tone} isDisabled={isPending} onPress={() => onMove({ do: 'move', to }, () => {})} data-testid={`move-${to}`}>
              {label}
            </Button>
          )
        }
        return (
          <PopoverPanel
            key={to}
            label={label}
            placement="bottom end"
            isOpen={asked === to}
            onOpenChange={(isOpen) => (isOpen ? setAsked(to) : close())}
            trigger={
              <Button tone={tone} isDisabled={isPending} data-testid={`move-${to}`}>
                {label}
              </Button>
            }
          >
            <MoveForm option={option} label={label} names={names} user={user} workflow={workflow} isPending={isPending} error={error} onMove={(move) => onMove(move, close)} />
          </PopoverPanel>
        )
      })}
    </div>
  )
}

function MoveForm({ option, label, names, user, workflow, isPending, error, onMove }: { option: MoveOption; label: string; names: Names; user: { user: string; name: string }; workflow: WorkflowView | undefined; isPending: boolean; error: unknown; onMove: (move: Move) => void }) {
  const { t } = useTexts('tickets')
  const asks = asksOf(option)
  const [given, setGiven] = useState<Given>(NOTHING_GIVEN)
  const isReady = isSatisfied(asks, given)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) onMove({ do: 'move', to: option.to, reason: given.reason.trim(), ...(given.owner === null ? {} : { owner: given.owner }), ...(given.disposition === null ? {} : { disposition: given.disposition }), fields: given.fields })
      }}
      className="flex w-80 flex-col gap-2"
    >
      {asks.reason && <TextArea label={t(`reason.${option.state === 'cancelled' ? 'cancelled' : option.state.startsWith('waiting') ? 'waiting' : 'other'}`)} value={given.reason} onChange={(reason) => setGiven({ ...given, reason })} autoFocus isRequired rows={3} maxLength={REASON_CHARS_MAX} error={fieldError(error, 'reason')} data-testid="move-reason" />}
      {asks.facts.map((what) => {
        if (what === 'disposition') return <DispositionField key={what} value={given.disposition} onChange={(disposition) => setGiven({ ...given, disposition })} error={fieldError(error, 'disposition')} />
        if (what === 'owner') return <OwnerField key={what} names={names} user={user} value={given.owner} onChange={(owner) => setGiven({ ...given, owner })} />
        const key = what.slice('field.'.length)
        const rule = workflow?.workflow.fields[key]
        if (canBeGiven(what) && rule) return <WorkflowField key={what} id={key} rule={rule} value={given.fields[key] ?? null} onChange={(value) => setGiven({ ...given, fields: { ...given.fields, [key]: value } })} error={fieldError(error, `fields.${key}`)} />
        return (
          <p key={what} role="note" className="text-warn-ink">
            {t('set_first', { what: what === 'queue' ? t('field.queue') : what === 'customer' ? t('field.customer') : key })}
          </p>
        )
      })}
      <Button type="submit" tone="accent" isDisabled={isPending || !isReady} data-testid="move-save">
        {label}
      </Button>
    </form>
  )
}

function fieldError(error: unknown, field: string): string | undefined {
  const found = error instanceof ApiProblem ? error.fields.find((one) => one.field === field) : undefined
  return found && flawText(found)
}

/** Giving up stands first and apart, the end of the work last, where the main button of every page is. */
function rankOf(to: TicketState): number {
  return to === 'cancelled' ? 0 : to === 'solved' || to === 'closed' ? 2 : 1
}

/** The move's own name, else that of the state it leads to, else what moves of its kind are called. */
function labelOf(option: MoveOption, ticket: TicketView, workflow: WorkflowView | undefined, language: string, t: ReturnType<typeof useTexts<'tickets'>>['t']): string {
  const own = textIn(option.names, language)
  if (own !== undefined) return own
  const named = stateName(workflow, ticket.type, option.to, language)
  if (named !== undefined) return named
  if (option.state === 'open') return ticket.state === 'solved' ? t('move.reopen') : ticket.state === 'new' ? t('move.open') : t('move.resume')
  return t(`move.${option.state}`)
}
