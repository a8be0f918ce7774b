// Find a customer by name, number, mail or document; open or make one.
import { Link, useNavigate, useRouteContext, useSearch } from '@tanstack/react-router'
import { FileUp, UserPlus, Users } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { isSupervisor } from '@/api/session'
import type { Customer } from '@/api/types'
import { shortDateText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { languageText, segmentText } from '@/i18n/words'
import { CallButton } from '@/lib/call-button'
import { LoadProblem } from '@/lib/load-problem'
import { useNow } from '@/lib/use-live'
import { ListTitle, MoreRows } from '@/lib/more-rows'
import { usePages } from '@/lib/use-pages'
import { useSettled } from '@/lib/use-settled'
import { Badge, ButtonLink, EmptyState, Page, SearchField, Select, SkeletonLines, Table, type Column } from '@/ui'
import { newHref } from './new-href'
import { SEGMENTS } from './search'

export function CustomersPage() {
  const { t, i18n } = useTexts('customers')
  const { session } = useRouteContext({ from: '/shell' })
  const search = useSearch({ from: '/shell/customers' })
  const navigate = useNavigate({ from: '/customers' })
  const now = useNow()
  const [text, setText] = useState(search.q ?? '')
  const q = useSettled(text.trim(), 200)
  const body = useRef<HTMLDivElement>(null)

  useEffect(() => {
    if (q !== (search.q ?? '')) void navigate({ search: (old) => ({ ...old, q: q === '' ? undefined : q }), replace: true })
  }, [q, search.q, navigate])

  const list = usePages<Customer>(['customers', 'list', search], '/customers', { ...search, limit: 50 })
  const open = (customer: Customer) => void navigate({ to: '/customers/$id', params: { id: customer.id } })

  const columns: ReadonlyArray<Column<Customer>> = [
    {
      id: 'name',
      title: t('field.name'),
      width: 'minmax(180px, 2fr)',
      cell: (customer) => (
        <Link to="/customers/$id" params={{ id: customer.id }} className="font-medium hover:underline" tabIndex={-1}>
          {customer.name}
        </Link>
      ),
    },
    { id: 'organisation', title: t('field.organisation'), width: 'minmax(120px, 1.3fr)', cell: (customer) => customer.organisation ?? '' },
    {
      id: 'phone',
      title: t('field.phone'),
      width: '168px',
      cell: (customer) => customer.phones[0] && <CallButton number={customer.phones[0].number} customer={customer.id} className="-mx-2 px-2" />,
    },
    { id: 'email', title: t('field.email'), width: 'minmax(140px, 1.6fr)', cell: (customer) => customer.emails[0]?.address ?? '' },
    { id: 'document', title: t('field.document'), width: '104px', cell: (customer) => customer.document ?? '' },
    { id: 'segment', title: t('field.segment'), width: '88px', cell: (customer) => <Badge tone={customer.segment === 'gold' ? 'warn' : 'neutral'}>{segmentText(customer.segment)}</Badge> },
    { id: 'language', title: t('field.language'), width: '72px', cell: (customer) => <span className="capitalize">{languageText(customer.language)}</span> },
    { id: 'updated', title: t('field.updated'), width: '96px', isNumber: true, cell: (customer) => shortDateText(customer.updated_at, now, i18n.language) },
  ]
  const isNarrowed = search.q !== undefined || search.segment !== undefined
  return (
    <Page
      isFlush
      title={<ListTitle title={t('title')} list={list} />}
      actions={
        <>
          {isSupervisor(session.role) && (
            <ButtonLink href="/customers/import" icon={FileUp}>
              {t('import.title')}
            </ButtonLink>
          )}
          <ButtonLink href={newHref(text.trim())} tone="accent" icon={UserPlus} data-testid="customer-new">
            {t('new')}
          </ButtonLink>
        </>
      }
    >
      <div className="flex h-full min-h-0 flex-col">
        <div role="search" className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
          <SearchField
            label={t('search')}
            value={text}
            onChange={setText}
            // From the words straight into what they found.
            onKeyDown={(event) => event.key === 'ArrowDown' && body.current?.querySelector<HTMLElement>('[role="row"][tabindex]')?.focus()}
            clearLabel={t('common:clear')}
            autoFocus
            className="w-96 max-w-full"
            data-testid="customer-search"
          />
          <Select
            label={t('field.segment')}
            isLabelHidden
            choices={[{ id: 'any', label: t('any_segment') }, ...SEGMENTS.map((id) => ({ id, label: segmentText(id) }))]}
            value={search.segment ?? 'any'}
            onChange={(id) => void navigate({ search: (old) => ({ ...old, segment: id === 'any' ? undefined : id }), replace: true })}
            className="w-44"
          />
        </div>
        <div ref={body} className="min-h-0 flex-1 overflow-auto">
          {list.isPending && <SkeletonLines count={10} label={t('common:loading')} />}
          {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
          {list.isSuccess && list.items.length === 0 && (
            <EmptyState
              icon={Users}
              title={isNarrowed ? t('nobody.title') : t('none.title')}
              action={
                <ButtonLink href={newHref(text.trim())} icon={UserPlus}>
                  {t('new')}
                </ButtonLink>
              }
            >
              {isNarrowed ? t('nobody.text') : t('none.text')}
            </EmptyState>
          )}
          {list.items.length > 0 && <Table label={t('title')} columns={columns} rows={list.items} rowKey={(customer) => customer.id} onOpen={open} rowTestId={(customer) => `customer-${customer.id}`} />}
          <MoreRows list={list} />
        </div>
      </div>
    </Page>
  )
}
