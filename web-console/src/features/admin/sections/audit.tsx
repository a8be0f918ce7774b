// Who came in and what was set up, newest first. Every filter stands in the address.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { RotateCw, ShieldCheck } from 'lucide-react'
import { dateTimeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { momentsOf } from '@/lib/days'
import { LoadProblem } from '@/lib/load-problem'
import { ListTitle, MoreRows } from '@/lib/more-rows'
import { usePages } from '@/lib/use-pages'
import { Badge, Button, DateField, EmptyState, Page, Select, SkeletonLines, Table, type Column } from '@/ui'
import { useAuditText, type AuditRecord } from '../audit-text'
import { useEntries } from '../directory'
import { AREAS, type AdminSearch } from '../search'

const ANY = 'any'

export function AuditSection() {
  const { t, i18n } = useTexts('admin')
  const { area, actor, from, to } = useSearch({ from: '/shell/admin/$section' })
  const navigate = useNavigate()
  const { data: users = [] } = useEntries<{ id: string; name: string }>('/users')
  const text = useAuditText((user) => users.find((one) => one.id === user)?.name ?? user)
  const list = usePages<AuditRecord>(['audit', { area, actor, from, to }], '/audit', { area, actor, ...momentsOf({ ...(from && { from }), ...(to && { to }) }), limit: 100 })
  const isNarrowed = [area, actor, from, to].some((one) => one !== undefined)
  const go = (search: AdminSearch) => void navigate({ to: '/admin/$section', params: { section: 'audit' }, search, replace: true })
  const narrow = (more: { [K in keyof AdminSearch]?: AdminSearch[K] | undefined }) => {
    const search = { area, actor, from, to, ...more }
    go(Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as AdminSearch)
  }

  const columns: ReadonlyArray<Column<AuditRecord>> = [
    { id: 'at', title: t('audit.at'), width: '152px', cell: (record) => <time dateTime={record.at}>{dateTimeText(record.at, i18n.language)}</time> },
    { id: 'who', title: t('audit.who'), width: 'minmax(120px, 0.7fr)', cell: (record) => <span className="font-medium">{text.who(record)}</span> },
    { id: 'what', title: t('audit.what'), width: 'minmax(240px, 2.5fr)', cell: (record) => <span title={text.what(record)}>{text.what(record)}</span> },
    {
      id: 'area',
      title: t('audit.area'),
      width: '120px',
      cell: (record) => <Badge tone={record.area === 'access' && record.event.kind === 'sign_in_failed' ? 'warn' : 'neutral'}>{t(record.area === 'access' ? 'audit.areas.access' : 'audit.areas.directory')}</Badge>,
    },
  ]
  return (
    <Page
      isFlush
      title={<ListTitle title={t('section.audit')} list={list} />}
      actions={
        <>
          {isNarrowed && (
            <Button tone="plain" onPress={() => go({})}>
              {t('audit.clear')}
            </Button>
          )}
          <Button icon={RotateCw} isDisabled={list.isFetching} onPress={() => void list.refetch()}>
            {t('common:refresh')}
          </Button>
        </>
      }
    >
      <div className="flex h-full min-h-0 flex-col">
        <div role="search" className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
          <Select
            label={t('audit.area')}
            isLabelHidden
            choices={[{ id: ANY, label: t('audit.any') }, ...AREAS.map((id) => ({ id, label: t(`audit.areas.${id}`) }))]}
            value={area ?? ANY}
            onChange={(id) => narrow({ area: AREAS.find((one) => one === id) })}
            className="w-44"
            data-testid="audit-area"
          />
          <Select
            label={t('audit.who')}
            isLabelHidden
            choices={[{ id: ANY, label: t('audit.anybody') }, ...users.map((user) => ({ id: user.id, label: user.name }))]}
            value={actor ?? ANY}
            onChange={(id) => narrow({ actor: id === ANY ? undefined : id })}
            className="w-44"
            data-testid="audit-actor"
          />
          <DateField label={t('audit.from')} isLabelHidden value={from ?? ''} onChange={(day) => narrow({ from: day === '' ? undefined : day })} className="w-38" />
          <span aria-hidden className="-mx-1 text-ink-3">
            –
          </span>
          <DateField label={t('audit.to')} isLabelHidden value={to ?? ''} onChange={(day) => narrow({ to: day === '' ? undefined : day })} className="w-38" />
        </div>
        <div className="min-h-0 flex-1 overflow-auto">
          {list.isPending && <SkeletonLines count={8} label={t('common:loading')} />}
          {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
          {list.isSuccess && list.items.length === 0 && (
            <EmptyState icon={ShieldCheck} title={t('audit.none')} action={isNarrowed && <Button onPress={() => go({})}>{t('audit.clear')}</Button>}>
              {t(isNarrowed ? 'audit.none_filtered' : 'audit.none_text')}
            </EmptyState>
          )}
          {list.items.length > 0 && <Table label={t('section.audit')} columns={columns} rows={list.items} rowKey={(record) => `${record.node}-${record.seq}`} />}
          <MoreRows list={list} />
        </div>
      </div>
    </Page>
  )
}
