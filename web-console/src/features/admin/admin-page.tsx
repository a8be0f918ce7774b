// The administration: its sections on the left, one of them on the right.
import { Link, useParams, useRouteContext } from '@tanstack/react-router'
import { Lock } from 'lucide-react'
import { createElement, type ComponentType } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { EmptyState, Page } from '@/ui'
import { AgentsSection } from './sections/agents'
import { AlertsSection } from './sections/alerts'
import { AuditSection } from './sections/audit'
import { CentreSection } from './sections/centre'
import { DepartmentsSection } from './sections/departments'
import { DispositionsSection } from './sections/dispositions'
import { ForksSection } from './sections/forks'
import { HoursSection } from './sections/hours'
import { NumbersSection } from './sections/numbers'
import { PausesSection } from './sections/pauses'
import { PhonesSection } from './sections/phones'
import { QueuesSection } from './sections/queues'
import { RoutesSection } from './sections/routes'
import { SkillsSection } from './sections/skills'
import { SlaSection } from './sections/sla'
import { TokensSection } from './sections/tokens'
import { TrunksSection } from './sections/trunks'
import { UsersSection } from './sections/users'
import { WebhooksSection } from './sections/webhooks'
import { WorkflowSection } from './sections/workflow'
import { SECTIONS, type SectionId } from './search'

const PAGES: Record<SectionId, ComponentType> = {
  users: UsersSection,
  agents: AgentsSection,
  skills: SkillsSection,
  queues: QueuesSection,
  numbers: NumbersSection,
  trunks: TrunksSection,
  routes: RoutesSection,
  forks: ForksSection,
  alerts: AlertsSection,
  webhooks: WebhooksSection,
  phones: PhonesSection,
  hours: HoursSection,
  dispositions: DispositionsSection,
  pauses: PausesSection,
  sla: SlaSection,
  departments: DepartmentsSection,
  workflow: WorkflowSection,
  centre: CentreSection,
  tokens: TokensSection,
  audit: AuditSection,
}

const GROUPS: ReadonlyArray<{ key: 'people' | 'calls' | 'work' | 'system'; sections: readonly SectionId[] }> = [
  { key: 'people', sections: ['users', 'agents', 'skills'] },
  { key: 'calls', sections: ['queues', 'numbers', 'trunks', 'routes', 'phones', 'hours', 'forks'] },
  { key: 'work', sections: ['dispositions', 'pauses', 'sla', 'departments', 'workflow'] },
  { key: 'system', sections: ['centre', 'alerts', 'webhooks', 'tokens', 'audit'] },
]

export function AdminPage() {
  const { t } = useTexts('admin')
  const { session } = useRouteContext({ from: '/shell' })
  const { section } = useParams({ from: '/shell/admin/$section' })
  const known = SECTIONS.find((one) => one === section)
  if (session.role !== 'administrator')
    return (
      <Page title={t('title')}>
        <EmptyState icon={Lock} title={t('common:no_permission.title')}>
          {t('forbidden')}
        </EmptyState>
      </Page>
    )
  return (
    <div className="flex h-full min-h-0 flex-col bg-surface md:flex-row">
      <nav aria-label={t('title')} className="flex shrink-0 gap-x-3 overflow-x-auto border-line bg-ground p-2 max-md:border-b md:w-44 md:flex-col md:overflow-auto md:border-r">
        {GROUPS.map(({ key, sections }) => (
          <div key={key} className="flex md:mb-3 md:flex-col">
            <p className="px-2 py-1 text-xs font-semibold text-ink-3 max-md:sr-only">{t(`group.${key}`)}</p>
            {sections.map((id) => (
              <Link
                key={id}
                to="/admin/$section"
                params={{ section: id }}
                className="flex min-h-7 min-w-0 items-center rounded-md px-2 py-1 text-ink-2 max-md:whitespace-nowrap hover:bg-hover hover:text-ink"
                activeProps={{ className: 'bg-accent-soft font-semibold text-accent-ink', 'aria-current': 'page' }}
                activeOptions={{ includeSearch: false }}
              >
                {t(`section.${id}`)}
              </Link>
            ))}
          </div>
        ))}
      </nav>
      <div className="min-h-0 min-w-0 flex-1">{known ? createElement(PAGES[known], { key: known }) : <EmptyState title={t('no_section')} />}</div>
    </div>
  )
}
