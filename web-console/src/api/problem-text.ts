// What a person reads when something was refused or failed, in the console's language. The server says it by codes; its English
// sentences stand in where it knows more than this page.
import i18next from 'i18next'
import type { CommandFailure } from '@/live/socket'
import { ApiProblem, type FieldProblem } from './client'
import type { Schemas } from './types'

const KINDS = ['changed-meanwhile', 'illegal-move', 'last-administrator', 'likely-duplicates', 'ticket-over', 'too-many', 'unavailable', 'fault'] as const

/** A sentence for an error of the REST door. */
export function problemText(error: unknown): string {
  if (!(error instanceof ApiProblem)) return i18next.t('error.unknown')
  if (error.isUnreachable || error.status === 502 || error.status === 504) return i18next.t('error.unreachable')
  // What the live floor says no to, it says by a word of its own.
  const refusal = `refusal.${String(error.extra.refusal)}`
  if (typeof error.extra.refusal === 'string' && i18next.exists(refusal)) return i18next.t(refusal as 'refusal.too_many_calls')
  const kind = KINDS.find((one) => one === error.kind)
  if (kind) return i18next.t(`api:problem.${kind}`)
  if (error.status === 403) return i18next.t('error.forbidden')
  if (error.status === 404) return i18next.t('error.not_found')
  if (error.status >= 500) return i18next.t('error.unreachable')
  // A conflict is about the thing itself; among several wrong values each says which it is.
  if (error.fields.length > 0) return error.fields.map((one) => (error.status === 409 || one.field === 'file' ? flawText(one) : `${one.field}: ${flawText(one)}`)).join(' ')
  return error.detail ?? error.title
}

/** What is wrong with a value, and what would be right. */
export function flawText(problem: FieldProblem): string {
  if (problem.code === undefined || !i18next.exists(`api:flaw.${problem.code}`)) return [problem.message, problem.mend].filter(Boolean).map(asSentence).join(' ')
  return i18next.t(`api:flaw.${problem.code}`, wordsOf('params' in problem ? problem.params : {}))
}

/** What is wrong at a line of the workflow's text, and what would be right. */
export function workflowMistakeText(mistake: Schemas['WorkflowMistake']): string {
  if (!i18next.exists(`api:workflow_flaw.${mistake.code}`)) return [mistake.message, mistake.mend].map(asSentence).join(' ')
  return i18next.t(`api:workflow_flaw.${mistake.code}`, wordsOf('params' in mistake ? mistake.params : {}))
}

/** Why a row of a file was left out. */
export function leftOutText(left: Schemas['LeftOut']): string {
  switch (left.why) {
    case 'wrong':
      return left.problems.map((problem) => `${problem.field}: ${flawText(problem)}`).join(' ')
    case 'already_here':
      return i18next.t('api:left_out.already_here', { name: left.name })
    case 'twice_in_file':
      return i18next.t('api:left_out.twice_in_file')
    case 'unreadable':
      return i18next.t('api:left_out.unreadable', { detail: left.detail })
  }
}

/** A sentence for a command that the live floor did not carry out. */
export function failureText(failure: CommandFailure): string {
  if (failure === 'offline') return i18next.t('command.offline')
  if (failure === 'timeout') return i18next.t('command.timeout')
  return failure.refusal ? i18next.t(`refusal.${failure.refusal}`) : failure.message
}

/** Parameters as they are spoken: kinds of things by their word, lists as lists. */
function wordsOf(params: object): Record<string, unknown> {
  const spoken = Object.entries(params).map(([name, value]): [string, unknown] => {
    if (name === 'thing') return [name, thingText(String(value))]
    if (name === 'part') return [name, i18next.t(`api:workflow_part.${value as Schemas['WorkflowPart']}`)]
    if (name === 'by') return [name, listText((value as Schemas['Referrer'][]).map((one) => `${thingText(one.thing)} ${one.key}`), 'conjunction')]
    if (Array.isArray(value)) return [name, listText(value.map(String), 'disjunction')]
    return [name, value]
  })
  return Object.fromEntries(spoken)
}

function thingText(thing: string): string {
  return i18next.exists(`api:thing.${thing}`) ? i18next.t(`api:thing.${thing}` as 'api:thing.queue') : thing
}

function listText(items: readonly string[], type: 'conjunction' | 'disjunction'): string {
  return new Intl.ListFormat(i18next.language, { type }).format(items)
}

/** What is wrong and the mend come as two texts; a field shows them as two sentences. */
function asSentence(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`
}
