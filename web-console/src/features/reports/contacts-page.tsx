// The contacts behind a figure of a report: as many lines as the figure says.
import { Link, useNavigate, useRouter, useSearch } from '@tanstack/react-router'
import { Download, ListX } from 'lucide-react'
import { withQuery } from '@/api/client'
import { clockText, dateTimeText, exactTimeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import type { Schemas } from '@/api/types'
import { LoadProblem } from '@/lib/load-problem'
import { ListTitle, MoreRows } from '@/lib/more-rows'
import { useNames } from '@/lib/use-names'
import { usePages } from '@/lib/use-pages'
import { Button, ButtonLink, EmptyState, Page, Select, SkeletonLines, Table, type Column } from '@/ui'
import { FIGURES, type Figure } from './search'

type Contact = Schemas['Contact']

const OUTCOMES = ['answered', 'abandoned', 'flowed_out', 'node_lost'] as const
const CAUSES = ['no_agents', 'max_wait', 'full', 'closed', 'expected_wait', 'key', 'moved', 'node_lost'] as const

export function ContactsPage() {
  const { t, i18n } = useTexts('reports')
  const search = useSearch({ from: '/shell/reports/contacts' })
  const navigate = useNavigate({ from: '/reports/contacts' })
  const router = useRouter()
  const names = useNames()
  const outcome: Figure = search.outcome ?? 'offered'
  const isAsked = search.from !== undefined && search.to !== undefined
  const list = usePages<Contact>(['reports', 'contacts', search], '/reports/queues/contacts', { ...search, limit: 50 }, isAsked)
  const lang = i18n.language

  const columns: ReadonlyArray<Column<Contact>> = [
    {
      id: 'begins',
      title: t('field.begins'),
      width: '160px',
      cell: (contact) => (
        <Link to="/calls/$id" params={{ id: contact.call }} className="hover:underline" tabIndex={-1}>
          <time dateTime={contact.offered_at} title={exactTimeText(contact.offered_at, lang)}>
            {dateTimeText(contact.offered_at, lang)}
          </time>
        </Link>
      ),
    },
    { id: 'queue', title: t('field.queue'), width: 'minmax(96px, 1fr)', cell: (contact) => names.queue(contact.queue) },
    { id: 'reason', title: t('field.reason'), width: 'minmax(96px, 1fr)', cell: (contact) => names.reason(contact.reason) },
    { id: 'outcome', title: t('field.outcome'), width: 'minmax(160px, 1.4fr)', cell: (contact) => <Outcome contact={contact} /> },
    { id: 'agent', title: t('field.agent'), width: 'minmax(96px, 1fr)', cell: (contact) => names.agent(contact.agent) },
    { id: 'wait', title: t('field.asa'), width: '72px', isNumber: true, cell: (contact) => (contact.wait_ms == null ? '–' : clockText(contact.wait_ms)) },
    { id: 'talk', title: t('field.talk'), width: '96px', isNumber: true, cell: (contact) => clockText(contact.talk_ms) },
    { id: 'hold', title: t('field.hold'), width: '80px', isNumber: true, cell: (contact) => clockText(contact.hold_ms) },
    { id: 'transfers', title: t('field.transferred'), width: '96px', isNumber: true, cell: (contact) => contact.transfers },
  ]
  return (
    <Page
      isFlush
      title={<ListTitle title={t('contacts.title', { figure: t(`figure.${outcome}`) })} list={list} />}
      actions={
        <>
          {search.from && search.to && <p className="text-xs text-ink-3">{t('contacts.span', { from: dateTimeText(search.from, lang), to: dateTimeText(search.to, lang) })}</p>}
          <Select
            label={t('field.outcome')}
            isLabelHidden
            choices={FIGURES.map((id) => ({ id, label: t(`figure.${id}`) }))}
            value={outcome}
            onChange={(id) => void navigate({ search: (old) => ({ ...old, outcome: FIGURES.find((one) => one === id) ?? 'offered' }), replace: true })}
            className="w-52"
            data-testid="contacts-outcome"
          />
          {search.from && search.to && (
            <ButtonLink href={withQuery('/api/v1/reports/queues/contacts.csv', { ...search, outcome })} download="contacts.csv" icon={Download} data-testid="contacts-csv">
              {t('common:export_csv')}
            </ButtonLink>
          )}
          <Button size="sm" tone="plain" onPress={() => router.history.back()}>
            {t('contacts.back')}
          </Button>
        </>
      }
    >
      {isAsked && list.isPending && <SkeletonLines count={8} label={t('common:loading')} />}
      {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
      {(!isAsked || (list.isSuccess && list.items.length === 0)) && <EmptyState icon={ListX} title={t('contacts.empty')} />}
      {list.items.length > 0 && (
        <Table
          label={t('contacts.title', { figure: t(`figure.${outcome}`) })}
          columns={columns}
          rows={list.items}
          rowKey={(contact) => `${contact.call} ${contact.visit}`}
          onOpen={(contact) => void navigate({ to: '/calls/$id', params: { id: contact.call } })}
          rowTestId={(contact) => `contact-${contact.call}`}
        />
      )}
      <MoreRows list={list} />
    </Page>
  )
}

function Outcome({ contact }: { contact: Contact }) {
  const { t } = useTexts('reports')
  const outcome = OUTCOMES.find((one) => one === contact.outcome)
  const cause = CAUSES.find((one) => one === contact.flow_cause)
  return (
    <>
      {t(`outcome.${outcome ?? 'open'}`)}
      {cause && outcome !== 'node_lost' && <span className="text-ink-3"> ({t(`cause.${cause}`)})</span>}
    </>
  )
}
