// Nobody is known by this number, or there is no number: look the caller up, or make a record with what is known already.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiProblem, api } from '@/api/client'
import { flawText, problemText } from '@/api/problem-text'
import type { Customer, Page } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { phoneText } from '@/i18n/format'
import { useCommand } from '@/lib/use-command'
import { useIsUp } from '@/lib/use-live'
import { usePartyName } from '@/lib/use-party-name'
import type { CallView } from '@/live/protocol'
import { Button, SearchField, Section, TextField } from '@/ui'
import { useSettled } from '@/lib/use-settled'
import { WhyTheyCall } from './reason'

const SEARCH_CHARS_MIN = 2

export function Newcomer({ call }: { call: CallView }) {
  const { t } = useTexts('desk')
  const name = usePartyName(call)
  const kind = call.party.number ? 'none' : call.party.is_web ? 'web' : 'withheld'
  return (
    <div className="flex h-full flex-col overflow-auto">
      <header className="px-4 pt-3 pb-2">
        <h1 className="text-xl" data-testid="pop-name">
          {name}
        </h1>
        <p className="text-ink-2">{t(`newcomer.${kind}`)}</p>
      </header>
      <WhyTheyCall call={call} />
      <div className="grid gap-6 p-4 lg:grid-cols-2">
        <Section title={t('newcomer.search_title')}>
          <Search call={call} />
        </Section>
        <Section title={t('newcomer.new_title')}>
          <NewCustomerForm call={call} />
        </Section>
      </div>
    </div>
  )
}

function Search({ call }: { call: CallView }) {
  const { t } = useTexts('desk')
  const { run, isPending } = useCommand()
  const isUp = useIsUp()
  const [text, setText] = useState(call.party.number ?? '')
  const q = useSettled(text.trim(), 200)
  const query = useQuery({
    queryKey: ['customers', 'search', q],
    queryFn: ({ signal }) => api.get<Page<Customer>>('/customers', { q, limit: 8 }, signal),
    enabled: q.length >= SEARCH_CHARS_MIN,
  })
  const found = query.data?.items ?? []
  return (
    <div className="flex flex-col gap-2">
      <SearchField label={t('newcomer.search')} value={text} onChange={setText} clearLabel={t('common:clear')} data-testid="customer-search" />
      {query.isError && <p className="text-bad-ink">{problemText(query.error)}</p>}
      {query.isSuccess && found.length === 0 && <p className="text-ink-3">{t('newcomer.nobody', { text: q })}</p>}
      <ul className="divide-y divide-line">
        {found.map((customer) => (
          <li key={customer.id} className="flex items-center gap-2 py-1.5">
            <div className="min-w-0 flex-1">
              <p className="truncate font-medium">{customer.name}</p>
              <p className="truncate text-xs text-ink-3">{[customer.organisation, customer.phones[0] && phoneText(customer.phones[0].number)].filter(Boolean).join(' · ')}</p>
            </div>
            <Button size="sm" isDisabled={!isUp || isPending} onPress={() => void run({ do: 'choose_customer', call: call.id, customer: customer.id })}>
              {t('several.choose')}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Makes a record with the caller's number and language in it, and makes it this call's customer. */
export function NewCustomerForm({ call }: { call: CallView }) {
  const { t } = useTexts('desk')
  const { run } = useCommand()
  const [name, setName] = useState(call.party.number ? '' : (call.party.label ?? ''))
  const [phone, setPhone] = useState(call.party.number ?? '')
  const [email, setEmail] = useState('')
  const [problem, setProblem] = useState<ApiProblem | null>(null)
  const [isBusy, setBusy] = useState(false)

  const use = (customer: string) => run({ do: 'choose_customer', call: call.id, customer })
  /** `isSure`: the agent has seen the likely duplicates and means a new record. */
  const create = async (isSure: boolean) => {
    setBusy(true)
    setProblem(null)
    try {
      const customer = await api.post<Customer>(isSure ? '/customers?sure=true' : '/customers', {
        name: name.trim(),
        language: call.language,
        phones: phone.trim() === '' ? [] : [{ number: phone.trim(), label: 'mobile' }],
        emails: email.trim() === '' ? [] : [{ address: email.trim(), label: '' }],
      })
      await use(customer.id)
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error : new ApiProblem(0, 'failed', undefined, [], {}))
    } finally {
      setBusy(false)
    }
  }
  const duplicates = duplicatesIn(problem)
  const errorOf = (field: string) => {
    const found = problem?.fields.find((one) => one.field.startsWith(field))
    return found && flawText(found)
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void create(false)
      }}
      className="flex flex-col gap-3"
    >
      <TextField label={t('newcomer.name')} value={name} onChange={setName} isRequired error={errorOf('name')} data-testid="new-customer-name" />
      <TextField label={t('newcomer.phone')} value={phone} onChange={setPhone} inputMode="tel" error={errorOf('phones')} />
      <TextField label={t('newcomer.email')} value={email} onChange={setEmail} type="email" error={errorOf('emails')} />
      {duplicates.length > 0 && (
        <div role="alert" className="rounded-md bg-warn-soft p-3 text-warn-ink">
          <p className="font-medium">{t('newcomer.duplicates')}</p>
          <ul className="mt-1 flex flex-col gap-1">
            {duplicates.map((customer) => (
              <li key={customer.id} className="flex items-center gap-2">
                <span className="min-w-0 flex-1 truncate">{[customer.name, customer.organisation].filter(Boolean).join(' · ')}</span>
                <Button size="sm" onPress={() => void use(customer.id)}>
                  {t('several.choose')}
                </Button>
              </li>
            ))}
          </ul>
          <Button size="sm" className="mt-2" isDisabled={isBusy} onPress={() => void create(true)}>
            {t('newcomer.create_anyway')}
          </Button>
        </div>
      )}
      {problem && problem.fields.length === 0 && duplicates.length === 0 && (
        <p role="alert" className="text-bad-ink">
          {problemText(problem)}
        </p>
      )}
      <div>
        <Button type="submit" tone="accent" isDisabled={isBusy || name.trim() === ''} data-testid="new-customer-save">
          {isBusy ? t('common:saving') : t('newcomer.create')}
        </Button>
      </div>
    </form>
  )
}

/** The records that are likely the same customer, when that is why the server asked back. */
function duplicatesIn(problem: ApiProblem | null): Customer[] {
  const list = problem?.extra.duplicates
  return Array.isArray(list) ? (list as Array<{ customer: Customer }>).map((one) => one.customer) : []
}
