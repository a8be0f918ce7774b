// A change of a ticket in sentences: from what, to what, and why.
import { useQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { Customer, TicketState } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import type { Names } from '@/lib/use-names'
import type { TicketChange } from './thread'
import { textIn, useWorkflow } from './use-workflow'

/** One sentence for each fact that changed; its subject is who did it. */
export function useChangeTexts(change: TicketChange, subject: string | undefined, names: Names): string[] {
  const { t, i18n } = useTexts('tickets')
  const { data: workflow } = useWorkflow()
  const states = Object.values(workflow?.workflow.types ?? {}).flatMap((rules) => rules.states)
  const stateNames = new Map(states.map((state) => [state.key, textIn(state.names, i18n.language) ?? state.key]))
  const fieldName = (key: string) => textIn(workflow?.workflow.fields[key]?.names ?? {}, i18n.language) ?? key
  const customers = change.kind === 'changed' ? change : undefined
  const customerBefore = useCustomerName(customers?.before?.customer)
  const customerNow = useCustomerName(customers?.customer)
  switch (change.kind) {
    case 'opened':
      return [t('change.opened')]
    case 'moved': {
      const nameOf = (status: string | null | undefined, category: TicketState) => (status ? (stateNames.get(status) ?? status) : t(`common:ticket.state.${category}`))
      const states = { from: nameOf(change.from_status, change.from), to: nameOf(change.to_status, change.to) }
      return [change.reason.trim() === '' ? t('change.moved', states) : t('change.moved_because', { ...states, reason: change.reason.trim() })]
    }
    case 'assigned':
      return [t('change.owner', { from: names.agent(change.from) || t('nobody'), to: names.agent(change.to) || t('nobody') })]
    case 'sla_breached':
      return [t('change.sla_breached', { metric: t(`common:ticket.metric.${change.metric}`) })]
    case 'changed': {
      const { before } = change
      const none = t('change.none')
      const fact = (what: 'type' | 'priority' | 'queue' | 'customer' | 'disposition', to: string, from: string) =>
        before ? t('change.fact', { what: t(`change.what.${what}`), from, to }) : t('change.fact_to', { what: t(`change.what.${what}`), to })
      return [
        change.type ? fact('type', t(`common:ticket.type.${change.type}`), before?.type ? t(`common:ticket.type.${before.type}`) : none) : '',
        change.priority ? fact('priority', t(`common:ticket.priority.${change.priority}`), before?.priority ? t(`common:ticket.priority.${before.priority}`) : none) : '',
        change.queue ? fact('queue', names.queue(change.queue), names.queue(before?.queue) || none) : '',
        change.customer ? fact('customer', customerNow, customerBefore || none) : '',
        change.disposition ? fact('disposition', names.disposition(change.disposition), names.disposition(before?.disposition) || none) : '',
        (change.fields ?? []).length > 0 ? t('change.fields', { fields: (change.fields ?? []).map(fieldName).join(', ') }) : '',
        change.is_subject === true ? (subject === undefined ? t('change.subject') : t('change.subject_from', { from: subject })) : '',
      ].filter((text) => text !== '')
    }
  }
}

function useCustomerName(id: string | null | undefined): string {
  const { data } = useQuery({ queryKey: ['customers', id, 'name'], queryFn: ({ signal }) => api.get<Customer>(`/customers/${id ?? ''}`, {}, signal).then((customer) => customer.name), enabled: !!id })
  return id ? (data ?? '…') : ''
}
