// Fields that the new ticket and the ticket's page share.
import { useQuery } from '@tanstack/react-query'
import { dispositionsQuery } from '@/api/queries'
import { useTexts } from '@/i18n/use-texts'
import { dispositionPath, type Names } from '@/lib/use-names'
import { ComboBox, Select } from '@/ui'

interface FieldProps<T> {
  value: T
  onChange: (value: T) => void
  error?: string | undefined
  isDisabled?: boolean
  className?: string
}

const NONE = 'none'

export function QueueField({ names, value, onChange, isOptional, ...rest }: FieldProps<string | null> & { names: Names; isOptional: boolean }) {
  const { t } = useTexts('tickets')
  const choices = names.queues.map((queue) => ({ id: queue.id, label: queue.name }))
  return (
    <Select
      {...rest}
      label={t('field.queue')}
      placeholder={t('no_queue')}
      choices={isOptional ? [{ id: NONE, label: t('no_queue') }, ...choices] : choices}
      value={value ?? (isOptional ? NONE : null)}
      onChange={(id) => onChange(id === NONE ? null : id)}
      data-testid="ticket-queue"
    />
  )
}

/** Colleagues who take calls, and oneself. */
export function OwnerField({ names, user, value, onChange, ...rest }: FieldProps<string | null> & { names: Names; user: { user: string; name: string } }) {
  const { t } = useTexts('tickets')
  const people = names.agents.filter((agent) => agent.is_active || agent.id === value).map((agent) => ({ id: agent.id, label: agent.id === user.user ? t('me', { name: agent.name }) : agent.name }))
  const me = people.some((one) => one.id === user.user) ? [] : [{ id: user.user, label: t('me', { name: user.name }) }]
  const other = value !== null && value !== user.user && !people.some((one) => one.id === value) ? [{ id: value, label: value }] : []
  return (
    <Select
      {...rest}
      label={t('field.owner')}
      choices={[{ id: NONE, label: t('nobody') }, ...me, ...people, ...other]}
      value={value ?? NONE}
      onChange={(id) => onChange(id === NONE ? null : id)}
      data-testid="ticket-owner"
    />
  )
}

/** A leaf of the tree, found by typing any part of its way. */
export function DispositionField({ value, onChange, ...rest }: FieldProps<string | null>) {
  const { t, i18n } = useTexts('tickets')
  const { data: tree = [] } = useQuery(dispositionsQuery)
  const parents = new Set(tree.map((one) => one.parent))
  const choices = tree
    .filter((one) => !parents.has(one.id) && (one.is_active || one.id === value))
    .map((one) => ({ id: one.id, label: dispositionPath(tree, one.id, i18n.language) }))
  return <ComboBox key={`${i18n.language}${choices.length}`} {...rest} label={t('field.disposition')} choices={choices} value={value} onChange={onChange} placeholder={t('common:not_set')} emptyText={t('common:none')} />
}
