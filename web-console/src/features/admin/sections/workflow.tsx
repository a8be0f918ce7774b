// The workflow of tickets: its text, what is wrong with it at which line, and the table of moves that it makes.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CircleAlert } from 'lucide-react'
import { useRef, useState } from 'react'
import { ApiProblem, api } from '@/api/client'
import { problemText, workflowMistakeText } from '@/api/problem-text'
import type { Workflow, WorkflowMistake, WorkflowView } from '@/api/records'
import type { Page as PageOf, TicketType } from '@/api/types'
import { dateTimeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { Badge, Button, Page, Select, showToast, SkeletonLines, TextArea } from '@/ui'

type Saved = Pick<WorkflowView, 'version' | 'text' | 'saved_by' | 'saved_at'>

const TYPES: readonly TicketType[] = ['request', 'complaint', 'return', 'enquiry', 'incident', 'suggestion', 'callback']

export function WorkflowSection() {
  const { t } = useTexts('admin')
  const query = useQuery({ queryKey: ['ticket-workflow'], queryFn: ({ signal }) => api.get<WorkflowView>('/ticket-workflow', {}, signal) })
  if (query.isError)
    return (
      <Page title={t('section.workflow')}>
        <LoadProblem problem={query.error} onRetry={() => void query.refetch()} />
      </Page>
    )
  if (!query.data)
    return (
      <Page title={t('section.workflow')}>
        <SkeletonLines count={12} label={t('common:loading')} />
      </Page>
    )
  return <Editor key={query.data.version} running={query.data} />
}

function Editor({ running }: { running: WorkflowView }) {
  const { t, i18n } = useTexts('admin')
  const client = useQueryClient()
  const [text, setText] = useState(running.text)
  const [shown, setShown] = useState<Workflow>(running.workflow)
  const area = useRef<HTMLDivElement>(null)
  const versions = useQuery({ queryKey: ['ticket-workflow', 'versions'], queryFn: ({ signal }) => api.get<PageOf<Saved>>('/ticket-workflow/versions', {}, signal).then((page) => page.items) })
  const check = useMutation({ mutationFn: () => api.post<Workflow>('/ticket-workflow/check', { text }), onSuccess: (workflow) => { setShown(workflow); showToast({ tone: 'good', text: t('workflow.well') }) } })
  const save = useMutation({
    mutationFn: () => api.put<WorkflowView>('/ticket-workflow', { version: running.version, text }),
    onSuccess: (saved) => {
      client.setQueryData(['ticket-workflow'], saved)
      void client.invalidateQueries({ queryKey: ['ticket-workflow', 'versions'] })
      void client.invalidateQueries({ queryKey: ['tickets'] })
      showToast({ tone: 'good', text: t('workflow.saved', { version: saved.version }) })
    },
  })
  const error = save.error ?? check.error
  const mistakes = mistakesOf(error)
  const isBusy = check.isPending || save.isPending
  const goTo = (line: number) => {
    const field = area.current?.querySelector('textarea')
    if (!field) return
    const start = text.split('\n').slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0)
    const end = text.indexOf('\n', start)
    field.focus()
    field.setSelectionRange(start, end === -1 ? text.length : end)
    const lineHeight = Number.parseFloat(getComputedStyle(field).lineHeight) || 16
    field.scrollTop = Math.max(0, (line - 4) * lineHeight)
  }
  const change = (next: string) => {
    setText(next)
    check.reset()
    save.reset()
  }
  return (
    <Page
      title={t('section.workflow')}
      actions={
        <>
          <Button isDisabled={isBusy} onPress={() => { save.reset(); check.mutate() }} data-testid="workflow-check">
            {t('workflow.check')}
          </Button>
          <Button tone="accent" isDisabled={isBusy || text === running.text} onPress={() => { check.reset(); save.mutate() }} data-testid="workflow-save">
            {t('common:save')}
          </Button>
        </>
      }
    >
      <p className="mb-3 max-w-prose text-ink-2">{t('about.workflow')}</p>
      <div className="grid gap-4 xl:grid-cols-2">
        <div ref={area} className="flex min-w-0 flex-col gap-2">
          <Select
            label={t('workflow.version')}
            choices={[...(versions.data ?? []).map((one) => ({ id: String(one.version), label: t('workflow.of', { version: one.version, at: one.saved_at ? dateTimeText(one.saved_at, i18n.language) : '', by: one.saved_by ?? '' }) })), { id: '0', label: t('workflow.built_in') }]}
            value={String(running.version)}
            onChange={(id) => void api.get<Saved>(`/ticket-workflow/versions/${id}`).then((one) => change(one.text), (problem: unknown) => showToast({ tone: 'bad', text: problemText(problem) }))}
            data-testid="workflow-version"
          />
          {error && (
            <div role="alert" className="rounded-md border border-bad bg-bad-soft/40 p-2" data-testid="workflow-mistakes">
              {mistakes.length === 0 ? (
                <p>{problemText(error)}</p>
              ) : (
                <ul className="flex flex-col gap-1">
                  {mistakes.map((mistake, i) => (
                    <li key={i} className="flex items-baseline gap-2">
                      <CircleAlert size={14} aria-hidden className="shrink-0 self-center text-bad-ink" />
                      <button type="button" className="shrink-0 cursor-pointer font-medium text-accent-ink hover:underline" onClick={() => goTo(mistake.line)}>
                        {t('workflow.line', { line: mistake.line })}
                      </button>
                      <span className="min-w-0 break-words">{workflowMistakeText(mistake)}</span>
                    </li>
                  ))}
                </ul>
              )}
            </div>
          )}
          <TextArea label={t('workflow.text')} value={text} onChange={change} rows={30} spellCheck="false" inputClassName="font-mono text-xs whitespace-pre overflow-auto" data-testid="workflow-text" />
        </div>
        <MoveTable workflow={shown} />
      </div>
    </Page>
  )
}

function mistakesOf(error: unknown): readonly WorkflowMistake[] {
  const found = error instanceof ApiProblem ? error.extra.mistakes : undefined
  return Array.isArray(found) ? (found as WorkflowMistake[]) : []
}

/** Which state can follow which, for one type. */
function MoveTable({ workflow }: { workflow: Workflow }) {
  const { t, i18n } = useTexts('admin')
  const [type, setType] = useState<TicketType>('request')
  const rules = workflow.types[type]
  const nameOf = (key: string) => {
    const state = rules?.states.find((one) => one.key === key)
    if (!state) return key
    return state.names[i18n.language] ?? Object.values(state.names)[0] ?? (state.key === state.category ? t(`common:ticket.state.${state.category}`) : state.key)
  }
  const factOf = (what: string) => (what.startsWith('field.') ? (workflow.fields[what.slice('field.'.length)]?.names[i18n.language] ?? what.slice('field.'.length)) : t(`workflow.fact.${what as 'owner' | 'queue' | 'customer' | 'disposition'}`))
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <Select label={t('workflow.type')} choices={TYPES.map((id) => ({ id, label: workflow.types[id]?.names[i18n.language] ?? t(`common:ticket.type.${id}`) }))} value={type} onChange={(id) => setType(TYPES.find((one) => one === id) ?? 'request')} data-testid="workflow-type" />
      <div className="overflow-x-auto">
        <table className="w-full border-collapse text-left" data-testid="workflow-moves">
          <caption className="sr-only">{t('workflow.moves')}</caption>
          <thead>
            <tr className="border-b border-line text-xs text-ink-3">
              <th scope="col" className="px-2 py-1 font-semibold">{t('workflow.from')}</th>
              <th scope="col" className="px-2 py-1 font-semibold">{t('workflow.to')}</th>
              <th scope="col" className="px-2 py-1 font-semibold">{t('workflow.asks')}</th>
            </tr>
          </thead>
          <tbody>
            {rules?.states.flatMap((state) => {
              const moves = rules.moves.filter((move) => move.from === state.key)
              const rows = moves.map((move, i) => (
                <tr key={`${move.from} ${move.to}`} className={i === 0 ? 'border-t border-line' : undefined}>
                  <th scope="row" className="px-2 py-0.5 font-medium">{i === 0 ? nameOf(move.from) : <span className="sr-only">{nameOf(move.from)}</span>}</th>
                  <td className="px-2 py-0.5">{nameOf(move.to)}</td>
                  <td className="px-2 py-0.5 text-ink-2">
                    {[
                      move.guards.needs_reason ? t('workflow.reason') : '',
                      move.guards.role ? t('workflow.role', { role: t(`workflow.roles.${move.guards.role}`) }) : '',
                      ...move.guards.requires.map(factOf),
                    ]
                      .filter((one) => one !== '')
                      .join(', ')}
                  </td>
                </tr>
              ))
              const timer = state.timer
              return timer
                ? [
                    ...rows,
                    <tr key={`${state.key} timer`}>
                      <th scope="row" className="px-2 py-0.5 font-medium"><span className="sr-only">{nameOf(state.key)}</span></th>
                      <td className="px-2 py-0.5">{nameOf(timer.to)}</td>
                      <td className="px-2 py-0.5"><Badge>{t('workflow.by_itself', { hours: timer.after_hours })}</Badge></td>
                    </tr>,
                  ]
                : rows
            })}
          </tbody>
        </table>
      </div>
    </div>
  )
}
