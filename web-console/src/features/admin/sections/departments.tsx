import { Building2 } from 'lucide-react'
import { inLanguage } from '@/api/queries'
import type { Department } from '@/api/records'
import { useTexts } from '@/i18n/use-texts'
import { useNames } from '@/lib/use-names'
import { Badge, Checkbox, Select, TextField } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { Choices } from '../form-parts'
import { lastPosition, NamesAndKey, PositionField, useTreeKind } from '../named'
import { asRows, below, type TreeNode } from '../tree'

type Entry = Department & TreeNode

const NOBODY: readonly Entry[] = []
const NONE = '(none)'

export function DepartmentsSection() {
  const { t } = useTexts('admin')
  const names = useNames()
  const { nameColumn, ...shared } = useTreeKind<Entry>('/departments')
  const kind: Kind<Entry> = {
    ...shared,
    section: 'departments',
    icon: Building2,
    path: '/departments',
    columns: [
      nameColumn,
      { id: 'manager', title: t('departments.manager'), width: 'minmax(120px, 1fr)', cell: (node) => names.agent(node.manager) },
      { id: 'deputy', title: t('departments.deputy'), width: 'minmax(120px, 1fr)', isWide: true, cell: (node) => names.agent(node.deputy) },
      { id: 'active', title: t('field.state'), width: '96px', cell: (node) => (node.is_active === false ? <Badge>{t('inactive')}</Badge> : '') },
    ],
    blank: (known) => ({ id: '', parent: null, names: {}, position: lastPosition(known), manager: null, deputy: null, members: [], calendar: null, accept_secs: null, answer_secs: null, is_active: true }),
    Fields,
  }
  return <DirectoryPage kind={kind} />
}

function Fields({ form, isNew }: FieldsProps<Entry>) {
  const { t, i18n } = useTexts('admin')
  const { values, set, errorOf } = form
  const { data: tree = NOBODY } = useEntries<Entry>('/departments')
  const { data: calendars = [] } = useEntries<{ id: string; name: string }>('/calendars')
  const names = useNames()
  const own = below(tree, values.id)
  const branches = asRows(tree).filter(({ node }) => isNew || !own.has(node.id))
  const people = names.agents.map((agent) => ({ id: agent.id, label: agent.name }))
  const person = (id: string | null | undefined) => (id && !people.some((one) => one.id === id) ? [{ id, label: id }] : [])
  const some = (label: string) => ({ id: NONE, label })
  const picked = (id: string) => (id === NONE ? null : id)
  return (
    <>
      <Select label={t('departments.parent')} choices={[some(t('departments.top')), ...branches.map(({ node, depth }) => ({ id: node.id, label: `${'· '.repeat(depth)}${inLanguage(node.names, i18n.language)}` }))]} value={values.parent ?? NONE} onChange={(id) => set('parent', picked(id))} error={errorOf('parent')} />
      <NamesAndKey form={form} isNew={isNew} />
      <Select label={t('departments.manager')} choices={[some(t('departments.nobody')), ...people, ...person(values.manager)]} value={values.manager ?? NONE} onChange={(id) => set('manager', picked(id))} error={errorOf('manager')} data-testid="department-manager" />
      <Select label={t('departments.deputy')} choices={[some(t('departments.nobody')), ...people, ...person(values.deputy)]} value={values.deputy ?? NONE} onChange={(id) => set('deputy', picked(id))} error={errorOf('deputy')} />
      <Choices label={t('departments.members')} anyText={t('departments.no_members')} choices={people} chosen={values.members ?? []} onChange={(ids) => set('members', ids)} error={errorOf('members')} />
      <Select label={t('departments.calendar')} choices={[some(t('departments.round_the_clock')), ...calendars.map((one) => ({ id: one.id, label: one.name }))]} value={values.calendar ?? NONE} onChange={(id) => set('calendar', picked(id))} error={errorOf('calendar')} />
      <Minutes label={t('departments.accept')} value={values.accept_secs ?? null} onChange={(secs) => set('accept_secs', secs)} error={errorOf('accept_secs')} />
      <Minutes label={t('departments.answer')} value={values.answer_secs ?? null} onChange={(secs) => set('answer_secs', secs)} error={errorOf('answer_secs')} />
      <PositionField form={form} />
      <Checkbox isSelected={values.is_active !== false} onChange={(isOn) => set('is_active', isOn)}>
        {t('departments.active')}
      </Checkbox>
    </>
  )
}

/** Minutes on screen, seconds in the entry; empty for none. */
function Minutes({ label, value, onChange, error }: { label: string; value: number | null; onChange: (secs: number | null) => void; error: string | undefined }) {
  const { t } = useTexts('admin')
  return <TextField label={label} inputMode="numeric" value={value === null ? '' : String(value / 60)} onChange={(text) => onChange(/^\d+$/.test(text.trim()) ? Number(text.trim()) * 60 : null)} help={t('departments.promise_help')} error={error} />
}
