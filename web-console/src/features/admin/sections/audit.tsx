import { useInfiniteQuery } from '@tanstack/react-query'
import { RotateCw, ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import type { Page as PageOf } from '@/api/types'
import { dateTimeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { keyText } from '@/i18n/words'
import { Badge, Button, EmptyState, ErrorState, Page, SearchField, Select, SkeletonLines, Table, type Column } from '@/ui'
import { AUDITED, readChunk, type AuditRecord } from '../audit-trail'
import { useEntries } from '../directory'

const ANY = 'any'

export function AuditSection() {
  const { t, i18n } = useTexts('admin')
  const { data: users = [] } = useEntries<{ id: string; name: string }>('/users')
  const [area, setArea] = useState(ANY)
  const [text, setText] = useState('')
  const trail = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ pageParam, signal }) => readChunk((after, limit) => api.get<PageOf<AuditRecord>>('/events', { after, limit }, signal), pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (chunk) => chunk.next,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const nameOf = (user: unknown) => users.find((one) => one.id === user)?.name ?? String(user)
  const actorOf = (record: AuditRecord) => (record.actor.by === 'user' ? nameOf(record.actor.user) : t(`audit.actor.${record.actor.by}`))
  const whatOf = (record: AuditRecord) => sentence(record, nameOf, t)
  const wanted = text.trim().toLowerCase()
  const records = (trail.data?.pages.flatMap((chunk) => chunk.records) ?? [])
    .filter((record) => (area === ANY || record.area === area) && (wanted === '' || `${actorOf(record)} ${whatOf(record)}`.toLowerCase().includes(wanted)))
    .toReversed()
  const isEnd = trail.data?.pages.at(-1)?.isEnd !== false

  const columns: ReadonlyArray<Column<AuditRecord>> = [
    { id: 'at', title: t('audit.at'), width: '152px', cell: (record) => <time dateTime={record.at}>{dateTimeText(record.at, i18n.language)}</time> },
    { id: 'who', title: t('audit.who'), width: 'minmax(120px, 0.7fr)', cell: (record) => <span className="font-medium">{actorOf(record)}</span> },
    { id: 'what', title: t('audit.what'), width: 'minmax(240px, 2.5fr)', cell: (record) => <span title={whatOf(record)}>{whatOf(record)}</span> },
    { id: 'area', title: t('audit.area'), width: '120px', cell: (record) => <Badge tone={record.event.kind === 'sign_in_failed' ? 'warn' : 'neutral'}>{t(record.area === 'access' ? 'audit.areas.access' : 'audit.areas.directory')}</Badge> },
  ]
  return (
    <Page
      isFlush
      title={t('section.audit')}
      actions={
        <Button icon={RotateCw} isDisabled={trail.isFetching} onPress={() => void trail.fetchNextPage()}>
          {isEnd ? t('common:refresh') : t('audit.read_on')}
        </Button>
      }
    >
      <div className="flex h-full min-h-0 flex-col">
        <div role="search" className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2">
          <SearchField label={t('audit.search')} value={text} onChange={setText} clearLabel={t('common:clear')} className="w-64" />
          <Select label={t('audit.area')} isLabelHidden choices={[{ id: ANY, label: t('audit.any') }, ...AUDITED.map((id) => ({ id, label: t(id === 'access' ? 'audit.areas.access' : 'audit.areas.directory') }))]} value={area} onChange={setArea} className="w-44" />
        </div>
        <div className="min-h-0 flex-1 overflow-auto">
          {trail.isPending && <SkeletonLines count={8} label={t('common:loading')} />}
          {trail.isError && (
            <ErrorState title={t('common:error.load')} retryLabel={t('common:retry')} onRetry={() => void trail.refetch()}>
              {problemText(trail.error)}
            </ErrorState>
          )}
          {trail.isSuccess && records.length === 0 && <EmptyState icon={ShieldCheck} title={t('audit.none')} />}
          {records.length > 0 && <Table label={t('section.audit')} columns={columns} rows={records} rowKey={(record) => `${record.node}-${record.seq}`} />}
        </div>
      </div>
    </Page>
  )
}

const ACCESS = ['signed_in', 'sign_in_failed', 'signed_out', 'user_made', 'user_changed', 'user_removed', 'password_changed', 'token_made', 'token_revoked'] as const
const CHANGES = ['made', 'changed', 'removed'] as const
const THINGS = ['centre', 'number', 'queue', 'skill', 'agent', 'trunk', 'phone', 'calendar', 'disposition', 'pause_reason', 'sla_policy'] as const

function sentence({ area, event }: AuditRecord, nameOf: (user: unknown) => string, t: ReturnType<typeof useTexts<'admin'>>['t']): string {
  const access = ACCESS.find((kind) => kind === event.kind)
  if (area === 'access' && access) {
    const address = typeof event.address === 'string' ? ` (${event.address})` : ''
    return t(`audit.access.${access}`, { user: nameOf(event.user), address })
  }
  const change = CHANGES.find((kind) => kind === event.kind)
  const thing = THINGS.find((one) => one === event.thing)
  if (area === 'directory' && change && thing) {
    const fields = Array.isArray(event.fields) && event.fields.length > 0 ? `: ${event.fields.join(', ')}` : ''
    return t(`audit.directory.${change}`, { thing: t(`audit.thing.${thing}`), key: String(event.key ?? ''), fields })
  }
  // A newer server knows more kinds.
  return keyText(`${area} ${event.kind}`)
}
