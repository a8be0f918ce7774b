// Make or change a customer's record.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams, useRouteContext, useSearch } from '@tanstack/react-router'
import { Plus, Trash2, UserCheck } from 'lucide-react'
import { useState, type ReactNode, type RefObject } from 'react'
import { ApiProblem, api, withQuery } from '@/api/client'
import type { CustomerDraft, LikelyDuplicate } from '@/api/records'
import type { Customer } from '@/api/types'
import { LANGUAGE_NAMES, LANGUAGES } from '@/i18n'
import { phoneText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { segmentText } from '@/i18n/words'
import { FormProblem } from '@/lib/form-problem'
import { LoadProblem } from '@/lib/load-problem'
import { useForm, type Form } from '@/lib/use-form'
import { useNames } from '@/lib/use-names'
import { Button, ButtonLink, DateField, IconButton, Page, Section, Select, showToast, SkeletonLines, TextArea, TextField } from '@/ui'
import { checkDraft, draftOf, emptyDraft, tidyDraft } from './draft'
import { SEGMENTS } from './search'

const NOBODY = '(nobody)'

export function NewCustomerPage() {
  const { t } = useTexts('customers')
  const { session } = useRouteContext({ from: '/shell' })
  const known = useSearch({ from: '/shell/customers/new' })
  return <Editor title={t('new')} initial={emptyDraft(known, session.language)} back="/customers" />
}

export function EditCustomerPage() {
  const { t } = useTexts('customers')
  const { id } = useParams({ from: '/shell/customers/$id/edit' })
  // A form is filled once: what comes later must not overwrite what is being typed.
  const query = useQuery({ queryKey: ['customers', id], queryFn: ({ signal }) => api.get<Customer>(`/customers/${id}`, {}, signal), staleTime: 0, gcTime: 0 })
  if (query.isError)
    return <LoadProblem problem={query.error} onRetry={() => void query.refetch()} />
  if (!query.data) return <SkeletonLines count={8} label={t('common:loading')} />
  return <Editor key={query.data.version} title={query.data.name} customer={query.data} initial={draftOf(query.data)} back={`/customers/${id}`} onReload={() => void query.refetch()} />
}

function Editor({ title, initial, customer, back, onReload }: { title: string; initial: CustomerDraft; customer?: Customer; back: string; onReload?: () => void }) {
  const { t } = useTexts('customers')
  const client = useQueryClient()
  const navigate = useNavigate()
  const [duplicates, setDuplicates] = useState<readonly LikelyDuplicate[]>([])

  const done = (saved: Customer) => {
    client.setQueryData(['customers', saved.id], saved)
    void client.invalidateQueries({ queryKey: ['customers'] })
    showToast({ tone: 'good', text: t('saved', { name: saved.name }) })
    void navigate({ to: '/customers/$id', params: { id: saved.id } })
  }
  const send = (draft: CustomerDraft, sure: boolean): Promise<Customer> => {
    const body = tidyDraft(draft)
    const query = { sure: sure || undefined }
    return customer ? api.put<Customer>(withQuery(`/customers/${customer.id}`, query), { version: customer.version, ...body }) : api.post<Customer>(withQuery('/customers', query), body)
  }
  const [form, ref]: [Form<CustomerDraft>, RefObject<HTMLFormElement | null>] = useForm({
    initial,
    check: (draft) => checkDraft(draft, { required: t('common:error.required'), phone: t('error.phone'), email: t('error.email') }),
    save: async (draft) => {
      // Empty lines are not sent, so those left must stand where the server will count them.
      form.set('phones', withOne(draft.phones.filter((phone) => phone.number.trim() !== ''), { number: '', label: 'mobile' }))
      form.set('emails', withOne(draft.emails.filter((email) => email.address.trim() !== ''), { address: '', label: '' }))
      try {
        done(await send(draft, false))
      } catch (error) {
        const found = duplicatesIn(error)
        if (found.length === 0) throw error
        setDuplicates(found)
      }
    },
  })
  const saveAnyway = useMutation({ mutationFn: () => send(form.values, true), onSuccess: done })
  const { values, set, errorOf } = form
  const { agents } = useNames()
  const people = agents.map((agent) => ({ id: agent.id, label: agent.name }))
  // Who is no agent any more stays the owner until somebody else is chosen.
  const gone = values.owner !== null && !people.some((one) => one.id === values.owner) ? [{ id: values.owner, label: values.owner }] : []
  return (
    <Page title={title}>
      <form ref={ref} onSubmit={(event) => void form.submit(event)} className="flex flex-col gap-4" noValidate>
        <div className="grid max-w-5xl gap-x-8 gap-y-4 lg:grid-cols-2">
          <div className="flex flex-col gap-3">
            <TextField label={t('field.name')} value={values.name} onChange={(name) => set('name', name)} isRequired autoFocus error={errorOf('name')} maxLength={120} data-testid="customer-name" />
            <TextField label={t('field.organisation')} value={values.organisation ?? ''} onChange={(text) => set('organisation', text)} error={errorOf('organisation')} />
            <div className="grid grid-cols-3 gap-2">
              <TextField label={t('field.document')} value={values.document ?? ''} onChange={(text) => set('document', text)} error={errorOf('document')} />
              <Select label={t('field.segment')} choices={SEGMENTS.map((id) => ({ id, label: segmentText(id) }))} value={values.segment} onChange={(id) => set('segment', id)} error={errorOf('segment')} />
              <Select label={t('field.speaks')} choices={LANGUAGES.map((id) => ({ id, label: LANGUAGE_NAMES[id] }))} value={values.language} onChange={(id) => set('language', id)} error={errorOf('language')} />
            </div>
            <Select label={t('field.owner')} choices={[{ id: NOBODY, label: t('no_owner') }, ...people, ...gone]} value={values.owner ?? NOBODY} onChange={(id) => set('owner', id === NOBODY ? null : id)} error={errorOf('owner')} data-testid="customer-owner" />
            <TextArea label={t('field.notes')} value={values.notes} onChange={(text) => set('notes', text)} rows={5} error={errorOf('notes')} />
          </div>
          <div className="flex flex-col gap-3">
            <Lines title={t('field.phones')} addLabel={t('add_phone')} onAdd={() => set('phones', [...values.phones, { number: '', label: 'mobile' }])}>
              {values.phones.map((phone, i) => (
                <Line key={i} removeLabel={t('remove_phone', { number: phone.number })} onRemove={() => set('phones', values.phones.filter((_, at) => at !== i))}>
                  <TextField label={t('field.number')} isLabelHidden={i > 0} value={phone.number} inputMode="tel" onChange={(number) => set('phones', put(values.phones, i, { ...phone, number }))} error={errorOf(`phones[${i}].number`) ?? errorOf(`phones[${i}]`)} className="flex-1" data-testid={`customer-phone-${i}`} />
                  <TextField label={t('field.label')} isLabelHidden={i > 0} value={phoneLabel(phone.label, t)} onChange={(label) => set('phones', put(values.phones, i, { ...phone, label: labelKey(label, t) }))} className="w-32" />
                </Line>
              ))}
            </Lines>
            <Lines title={t('field.emails')} addLabel={t('add_email')} onAdd={() => set('emails', [...values.emails, { address: '', label: '' }])}>
              {values.emails.map((email, i) => (
                <Line key={i} removeLabel={t('remove_email', { address: email.address })} onRemove={() => set('emails', values.emails.filter((_, at) => at !== i))}>
                  <TextField label={t('field.email')} isLabelHidden={i > 0} value={email.address} type="email" onChange={(address) => set('emails', put(values.emails, i, { ...email, address }))} error={errorOf(`emails[${i}].address`) ?? errorOf(`emails[${i}]`)} className="flex-1" />
                  <TextField label={t('field.label')} isLabelHidden={i > 0} value={email.label} onChange={(label) => set('emails', put(values.emails, i, { ...email, label }))} className="w-32" />
                </Line>
              ))}
            </Lines>
            <Lines title={t('field.products')} addLabel={t('add_product')} onAdd={() => set('products', [...values.products, { name: '', status: 'active', since: null }])}>
              {values.products.map((product, i) => (
                <Line key={i} removeLabel={t('remove_product', { name: product.name })} onRemove={() => set('products', values.products.filter((_, at) => at !== i))}>
                  <TextField label={t('field.product')} isLabelHidden={i > 0} value={product.name} onChange={(name) => set('products', put(values.products, i, { ...product, name }))} error={errorOf(`products[${i}]`)} className="flex-1" />
                  <Select
                    label={t('field.status')}
                    isLabelHidden={i > 0}
                    choices={statusChoices(product.status, t)}
                    value={product.status}
                    onChange={(status) => set('products', put(values.products, i, { ...product, status }))}
                    className="w-32"
                  />
                  <DateField label={t('field.since')} isLabelHidden={i > 0} value={product.since ?? ''} onChange={(since) => set('products', put(values.products, i, { ...product, since: since === '' ? null : since }))} className="w-40" />
                </Line>
              ))}
            </Lines>
          </div>
        </div>
        <FormProblem problem={form.problem ?? saveAnyway.error} {...(onReload ? { onReload } : {})} />
        {duplicates.length > 0 && <Duplicates duplicates={duplicates} isSaving={saveAnyway.isPending} onSave={() => saveAnyway.mutate()} />}
        <div className="sticky bottom-0 -mx-4 -mb-4 flex gap-2 border-t border-line bg-surface px-4 py-3">
          <Button type="submit" tone="accent" isDisabled={form.isSaving || saveAnyway.isPending} data-testid="customer-save">
            {form.isSaving ? t('common:saving') : t('common:save')}
          </Button>
          <ButtonLink href={back} tone="plain">
            {t('common:cancel')}
          </ButtonLink>
        </div>
      </form>
    </Page>
  )
}

/** Others who are likely the same customer: take one of them, or save all the same. */
function Duplicates({ duplicates, isSaving, onSave }: { duplicates: readonly LikelyDuplicate[]; isSaving: boolean; onSave: () => void }) {
  const { t } = useTexts('customers')
  return (
    <section role="alert" className="rounded-md bg-warn-soft p-3" data-testid="duplicates">
      <h2 className="font-semibold text-warn-ink">{t('duplicate.title', { count: duplicates.length })}</h2>
      <p className="text-ink-2">{t('duplicate.text')}</p>
      <ul className="my-2 divide-y divide-line-strong">
        {duplicates.map(({ customer, reason }) => (
          <li key={customer.id} className="flex items-center gap-3 py-1.5">
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium">{customer.name}</span>
              <span className="block truncate text-xs text-ink-2">
                {[t(`duplicate.reason.${reason}`), customer.organisation, customer.phones[0] && phoneText(customer.phones[0].number), customer.emails[0]?.address, customer.document].filter(Boolean).join(' · ')}
              </span>
            </span>
            <ButtonLink size="sm" href={`/customers/${customer.id}`} icon={UserCheck}>
              {t('duplicate.use')}
            </ButtonLink>
          </li>
        ))}
      </ul>
      <Button size="sm" isDisabled={isSaving} onPress={onSave} data-testid="save-anyway">
        {t('duplicate.save')}
      </Button>
    </section>
  )
}

function Lines({ title, addLabel, onAdd, children }: { title: string; addLabel: string; onAdd: () => void; children: ReactNode }) {
  return (
    <Section
      title={title}
      aside={
        <Button size="sm" tone="plain" icon={Plus} onPress={onAdd}>
          {addLabel}
        </Button>
      }
    >
      <div className="flex flex-col gap-1.5">{children}</div>
    </Section>
  )
}

function Line({ removeLabel, onRemove, children }: { removeLabel: string; onRemove: () => void; children: ReactNode }) {
  return (
    <div className="flex items-end gap-2">
      {children}
      <IconButton icon={Trash2} label={removeLabel} onPress={onRemove} />
    </div>
  )
}

type Texts = ReturnType<typeof useTexts<'customers'>>['t']

const PHONE_LABELS = ['mobile', 'home', 'work'] as const

/** The usual labels are kept as keys and shown as words; others are free text. */
function phoneLabel(label: string, t: Texts): string {
  const key = PHONE_LABELS.find((one) => one === label)
  return key ? t(`label.${key}`) : label
}

function labelKey(text: string, t: Texts): string {
  return PHONE_LABELS.find((one) => t(`label.${one}`) === text) ?? text
}

function statusChoices(status: string, t: Texts): Array<{ id: string; label: string }> {
  const known = [
    { id: 'active', label: t('status.active') },
    { id: 'cancelled', label: t('status.cancelled') },
  ]
  return status === '' || known.some((one) => one.id === status) ? known : [...known, { id: status, label: status }]
}

function put<T>(list: readonly T[], at: number, item: T): T[] {
  return list.map((one, i) => (i === at ? item : one))
}

function withOne<T>(list: T[], empty: T): T[] {
  return list.length > 0 ? list : [empty]
}

function duplicatesIn(error: unknown): LikelyDuplicate[] {
  if (!(error instanceof ApiProblem) || error.kind !== 'likely-duplicates') return []
  return Array.isArray(error.extra.duplicates) ? (error.extra.duplicates as LikelyDuplicate[]) : []
}
