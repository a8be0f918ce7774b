// The callbacks behind a figure of their report, each as it stands now.
import { Link, useNavigate, useRouter, useSearch } from '@tanstack/react-router'
import { ListX } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Schemas } from '@/api/types'
import { dateTimeText, exactTimeText, phoneText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { ListTitle, MoreRows } from '@/lib/more-rows'
import { useNames } from '@/lib/use-names'
import { usePages } from '@/lib/use-pages'
import { Badge, Button, EmptyState, Page, Select, SkeletonLines, Table, type BadgeTone, type Column } from '@/ui'
import { CALLBACK_FIGURES, type CallbackFigure } from './search'

type Callback = Schemas['Callback']

const TONES: Record<Callback['state'], BadgeTone> = { waiting: 'neutral', calling: 'accent', reached: 'good', failed: 'bad', expired: 'bad', merged: 'good', cancelled: 'neutral' }

export function PromisedPage() {
  const { t, i18n } = useTexts('reports')
  const { t: tc } = useTexts('callbacks')
  const search = useSearch({ from: '/shell/reports/promised' })
  const navigate = useNavigate({ from: '/reports/promised' })
  const router = useRouter()
  const names = useNames()
  const figure: CallbackFigure = search.figure ?? 'requested'
  const isAsked = search.from !== undefined && search.to !== undefined
  const list = usePages<Callback>(['reports', 'promised', search], '/reports/callbacks/promised', { ...search, limit: 50 }, isAsked)
  const lang = i18n.language
  const point = (at: string | null | undefined) =>
    at == null ? (
      '–'
    ) : (
      <time dateTime={at} title={exactTimeText(at, lang)}>
        {dateTimeText(at, lang)}
      </time>
    )

  const columns: ReadonlyArray<Column<Callback>> = [
    { id: 'requested_at', title: t('promised.requested_at'), width: '160px', cell: (one) => <CallOf one={one}>{point(one.requested_at)}</CallOf> },
    { id: 'number', title: tc('field.number'), width: 'minmax(128px, 1.2fr)', cell: (one) => <span className="font-medium tabular-nums">{phoneText(one.number)}</span> },
    { id: 'queue', title: t('field.queue'), width: 'minmax(96px, 1fr)', cell: (one) => names.queue(one.queue) },
    { id: 'state', title: tc('field.state'), width: '150px', cell: (one) => <Badge tone={TONES[one.state]}>{tc(`state.${one.state}`)}</Badge> },
    { id: 'kept', title: t('field.kept'), width: '88px', cell: (one) => (one.is_promise_kept == null ? '–' : t(one.is_promise_kept ? 'promised.yes' : 'promised.no')) },
    { id: 'attempts', title: t('field.attempts'), width: '80px', isNumber: true, cell: (one) => one.attempts },
    { id: 'agent', title: t('field.agent'), width: 'minmax(96px, 1fr)', cell: (one) => names.agent(one.agent) },
    { id: 'ended_at', title: tc('field.ended'), width: '160px', cell: (one) => point(one.ended_at) },
    { id: 'note', title: tc('field.note'), width: 'minmax(96px, 1.6fr)', cell: (one) => one.note ?? '' },
  ]
  const title = t('promised.title', { figure: t(`promised.${figure}`) })
  return (
    <Page
      isFlush
      title={<ListTitle title={title} list={list} />}
      actions={
        <>
          {search.from && search.to && <p className="text-xs text-ink-3">{t('contacts.span', { from: dateTimeText(search.from, lang), to: dateTimeText(search.to, lang) })}</p>}
          <Select
            label={t('promised.figure')}
            isLabelHidden
            choices={CALLBACK_FIGURES.map((id) => ({ id, label: t(`promised.${id}`) }))}
            value={figure}
            onChange={(id) => void navigate({ search: (old) => ({ ...old, figure: CALLBACK_FIGURES.find((one) => one === id) ?? 'requested' }), replace: true })}
            className="w-52"
            data-testid="promised-figure"
          />
          <Button size="sm" tone="plain" onPress={() => router.history.back()}>
            {t('contacts.back')}
          </Button>
        </>
      }
    >
      {isAsked && list.isPending && <SkeletonLines count={8} label={t('common:loading')} />}
      {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
      {(!isAsked || (list.isSuccess && list.items.length === 0)) && <EmptyState icon={ListX} title={t('promised.empty')} />}
      {list.items.length > 0 && <Table label={title} columns={columns} rows={list.items} rowKey={(one) => one.id} rowTestId={(one) => `promised-${one.id}`} />}
      <MoreRows list={list} />
    </Page>
  )
}

/** Leads to the call on which it was promised, or by which the customer was last called back. */
function CallOf({ one, children }: { one: Callback; children: ReactNode }) {
  const call = one.call ?? one.attempt
  if (call == null) return children
  return (
    <Link to="/calls/$id" params={{ id: call }} className="text-accent-ink underline-offset-2 hover:underline">
      {children}
    </Link>
  )
}
