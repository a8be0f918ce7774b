// What a person reads when a request failed.
import i18next from 'i18next'
import type { CommandFailure } from '@/live/socket'
import { ApiProblem } from './client'

/** A sentence for an error of the REST door. */
export function problemText(error: unknown): string {
  if (!(error instanceof ApiProblem)) return i18next.t('error.unknown')
  if (error.isUnreachable || error.status >= 502) return i18next.t('error.unreachable')
  if (error.status === 403) return i18next.t('error.forbidden')
  if (error.status === 404) return i18next.t('error.not_found')
  return error.detail ?? error.title
}

/** A sentence for a command that the live floor did not carry out. */
export function failureText(failure: CommandFailure): string {
  if (failure === 'offline') return i18next.t('command.offline')
  if (failure === 'timeout') return i18next.t('command.timeout')
  return failure.refusal ? i18next.t(`refusal.${failure.refusal}`) : failure.message
}
