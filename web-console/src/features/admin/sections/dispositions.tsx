import { ListTree } from 'lucide-react'
import type { Disposition } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { dispositionPath } from '@/lib/use-names'
import { Badge, Checkbox, Select } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { keyOfName } from '../keys'
import { lastPosition, NamesAndKey, PositionField, useTreeKind } from '../named'
import { asRows, below } from '../tree'

const NOBODY: readonly Disposition[] = []

export function DispositionsSection() {
  const { t, i18n } = useTexts('admin')
  const { nameColumn, ...shared } = useTreeKind<Disposition>('/dispositions')
  const kind: Kind<Disposition> = {
    ...shared,
    section: 'dispositions',
    icon: ListTree,
    path: '/dispositions',
    columns: [
      nameColumn,
      { id: 'id', title: t('field.key'), width: 'minmax(120px, 1fr)', cell: (node) => <span className="text-ink-3">{node.id}</span> },
      { id: 'other', title: t('dispositions.other_language'), width: 'minmax(140px, 1.4fr)', isWide: true, cell: (node) => <span className="text-ink-2">{node.names[i18n.language === 'es' ? 'en' : 'es'] ?? ''}</span> },
      { id: 'active', title: t('field.state'), width: '96px', cell: (node) => (node.is_active ? '' : <Badge>{t('inactive')}</Badge>) },
    ],
    blank: (known) => ({ id: '', parent: null, names: {}, position: lastPosition(known), is_active: true }),
    Fields,
  }
  return <DirectoryPage kind={kind} />
}

const TOP = '(top)'

function Fields({ form, isNew }: FieldsProps<Disposition>) {
  const { t, i18n } = useTexts('admin')
  const { values, set, errorOf } = form
  const { data: tree = NOBODY } = useEntries<Disposition>('/dispositions')
  const own = below(tree, values.id)
  const branches = asRows(tree).filter(({ node }) => isNew || !own.has(node.id))
  return (
    <>
      <Select
        label={t('dispositions.parent')}
        choices={[{ id: TOP, label: t('dispositions.top') }, ...branches.map(({ node }) => ({ id: node.id, label: dispositionPath(tree, node.id, i18n.language) }))]}
        value={values.parent ?? TOP}
        onChange={(id) => set('parent', id === TOP ? null : id)}
        error={errorOf('parent')}
      />
      <NamesAndKey form={form} isNew={isNew} keyOf={(name) => withBranch(values.parent, keyOfName(name))} />
      <PositionField form={form} />
      <Checkbox isSelected={values.is_active} onChange={(isOn) => set('is_active', isOn)}>
        {t('dispositions.active')}
      </Checkbox>
    </>
  )
}

/** Keys of leaves begin with their branch, so that they can be told apart in exports. */
function withBranch(parent: string | null | undefined, key: string): string {
  return (parent && key !== '' ? `${parent}-${key}` : key).slice(0, 40)
}
