import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '@/api/client'
import type { Customer, Page } from '@/api/types'
import { phoneText } from '@/i18n/format'
import { ComboBox } from '@/ui'
import { useSettled } from './use-settled'

/** A customer found by typing. The server searches; what it finds is shown as it is. */
export function CustomerPicker({ label, value, onChange, error, className }: { label: string; value: string | null; onChange: (id: string) => void; error?: string | undefined; className?: string }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const q = useSettled(text.trim(), 200)
  const chosen = useQuery({ queryKey: ['customers', value], queryFn: ({ signal }) => api.get<Customer>(`/customers/${value ?? ''}`, {}, signal), enabled: value !== null })
  const found = useQuery({
    queryKey: ['customers', 'search', q],
    queryFn: ({ signal }) => api.get<Page<Customer>>('/customers', { q, limit: 12 }, signal),
    placeholderData: (old) => old,
  })
  const items = found.data?.items ?? []
  const shown = chosen.data && !items.some((one) => one.id === value) ? [chosen.data, ...items] : items
  return (
    <ComboBox
      // The field shows the name of what is chosen; it starts again when that name arrives.
      key={chosen.data?.id ?? 'none'}
      label={label}
      choices={shown.map((customer) => ({
        id: customer.id,
        label: customer.name,
        detail: [customer.organisation, customer.phones[0] && phoneText(customer.phones[0].number)].filter(Boolean).join(' · '),
      }))}
      value={value}
      onChange={onChange}
      onInput={setText}
      placeholder={t('customer_search')}
      emptyText={t('customer_nobody')}
      error={error}
      {...(className === undefined ? {} : { className })}
    />
  )
}
