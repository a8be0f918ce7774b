import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { api } from '@/api/client'
import type { OpenTicket } from '@/api/records'
import type { TicketLine } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { CustomerPicker } from '@/lib/customer-picker'
import { FormProblem } from '@/lib/form-problem'
import { useForm } from '@/lib/use-form'
import { useNames } from '@/lib/use-names'
import { Button, ButtonLink, Checkbox, Page, Select, showToast, TextArea, TextField } from '@/ui'
import { PRIORITIES, TYPES } from './search'
import { DispositionField, OwnerField, QueueField } from './fields'

const SUBJECT_CHARS_MAX = 200
const TEXT_CHARS_MAX = 20_000

export function NewTicketPage() {
  const { t } = useTexts('tickets')
  const { session } = useRouteContext({ from: '/shell' })
  const { customer } = useSearch({ from: '/shell/tickets/new' })
  const navigate = useNavigate()
  const client = useQueryClient()
  const names = useNames()
  const initial: OpenTicket = {
    type: 'request',
    subject: '',
    description: '',
    priority: 'normal',
    customer: customer ?? null,
    queue: null,
    owner: session.agent == null ? null : session.user,
    disposition: null,
    is_internal: false,
  }
  const [form, ref] = useForm<OpenTicket>({
    initial,
    check: (values) => ({ subject: values.subject.trim() === '' ? t('common:error.required') : undefined }),
    save: async (values) => {
      const ticket = await api.post<TicketLine>('/tickets', { ...values, subject: values.subject.trim(), description: values.description.trim() })
      void client.invalidateQueries({ queryKey: ['tickets'] })
      showToast({ tone: 'good', text: t('opened', { number: ticket.number }) })
      void navigate({ to: '/tickets/$id', params: { id: ticket.id } })
    },
  })
  const { values, set, errorOf } = form
  return (
    <Page title={t('new')}>
      <form ref={ref} onSubmit={(event) => void form.submit(event)} className="flex max-w-4xl flex-col gap-3" noValidate>
        <CustomerPicker label={t('field.customer')} value={values.customer} onChange={(id) => set('customer', id)} error={errorOf('customer')} className="max-w-md" />
        <TextField label={t('field.subject')} value={values.subject} onChange={(subject) => set('subject', subject)} isRequired autoFocus maxLength={SUBJECT_CHARS_MAX} error={errorOf('subject')} data-testid="ticket-subject" />
        <TextArea label={t('field.description')} value={values.description} onChange={(text) => set('description', text)} rows={6} maxLength={TEXT_CHARS_MAX} error={errorOf('description')} data-testid="ticket-description" />
        <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
          <Select label={t('field.type')} choices={TYPES.map((id) => ({ id, label: t(`common:ticket.type.${id}`) }))} value={values.type} onChange={(id) => set('type', TYPES.find((one) => one === id) ?? 'request')} error={errorOf('type')} data-testid="ticket-type" />
          <Select label={t('field.priority')} choices={PRIORITIES.map((id) => ({ id, label: t(`common:ticket.priority.${id}`) }))} value={values.priority} onChange={(id) => set('priority', PRIORITIES.find((one) => one === id) ?? 'normal')} error={errorOf('priority')} />
          <QueueField names={names} value={values.queue} onChange={(queue) => set('queue', queue)} isOptional error={errorOf('queue')} />
          <OwnerField names={names} user={session} value={values.owner} onChange={(owner) => set('owner', owner)} error={errorOf('owner')} />
          <DispositionField value={values.disposition} onChange={(id) => set('disposition', id)} error={errorOf('disposition')} className="sm:col-span-2" />
        </div>
        <Checkbox isSelected={values.is_internal} onChange={(isInternal) => set('is_internal', isInternal)}>
          {t('internal_matter')}
        </Checkbox>
        <FormProblem problem={form.problem} />
        <div className="flex gap-2">
          <Button type="submit" tone="accent" isDisabled={form.isSaving} data-testid="ticket-save">
            {form.isSaving ? t('common:saving') : t('open')}
          </Button>
          <ButtonLink href={customer === undefined ? '/tickets' : `/customers/${customer}`} tone="plain">
            {t('common:cancel')}
          </ButtonLink>
        </div>
      </form>
    </Page>
  )
}
