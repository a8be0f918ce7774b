import { ListTree } from 'lucide-react'
import { inLanguage } from '@/api/queries'
import type { Disposition } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { dispositionPath } from '@/lib/use-names'
import { Badge, Checkbox, Select, TextField } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { NamesFields, NumberField, tidyNames, useRange } from '../form-parts'
import { isKey, keyOfName } from '../keys'
import { asRows, below } from '../tree'

const NOBODY: readonly Disposition[] = []

export function DispositionsSection() {
  const { t, i18n } = useTexts('admin')
  const { data: tree = NOBODY } = useEntries<Disposition>('/dispositions')
  const range = useRange()
  const rows = asRows(tree)
  const place = new Map(rows.map(({ node }, i) => [node.id, i]))
  const depth = new Map(rows.map(({ node, depth: level }) => [node.id, level]))
  const kind: Kind<Disposition> = {
    section: 'dispositions',
    icon: ListTree,
    path: '/dispositions',
    keyOf: (node) => node.id,
    nameOf: (node) => inLanguage(node.names, i18n.language),
    order: (a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0),
    columns: [
      {
        id: 'name',
        title: t('field.name'),
        width: 'minmax(180px, 2fr)',
        cell: (node) => (
          <span style={{ paddingLeft: `${(depth.get(node.id) ?? 0) * 20}px` }} className={depth.get(node.id) === 0 ? 'font-semibold' : undefined}>
            {inLanguage(node.names, i18n.language)}
          </span>
        ),
      },
      { id: 'id', title: t('field.key'), width: 'minmax(120px, 1fr)', cell: (node) => <span className="text-ink-3">{node.id}</span> },
      { id: 'other', title: t('dispositions.other_language'), width: 'minmax(140px, 1.4fr)', isWide: true, cell: (node) => <span className="text-ink-2">{node.names[i18n.language === 'es' ? 'en' : 'es'] ?? ''}</span> },
      { id: 'active', title: t('field.state'), width: '96px', cell: (node) => (node.is_active ? '' : <Badge>{t('inactive')}</Badge>) },
    ],
    blank: (known) => ({ id: '', parent: null, names: {}, position: Math.max(0, ...known.map((node) => node.position + 1)), is_active: true }),
    toBody: (node) => ({ ...node, names: tidyNames(node.names) }),
    check: (node, isNew) => ({
      'names.en': Object.keys(tidyNames(node.names)).length === 0 ? t('names_missing') : undefined,
      id: isNew && !isKey(node.id) ? t('key_wrong') : undefined,
      position: range(node.position, 0, 100_000),
    }),
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
      <NamesFields
        names={values.names}
        isNew={isNew}
        onChange={(names) => {
          const oldKey = keyOfName(values.names.en ?? values.names.es ?? '')
          if (isNew && (values.id === '' || values.id === withBranch(values.parent, oldKey))) set('id', withBranch(values.parent, keyOfName(names.en ?? names.es ?? '')))
          set('names', names)
        }}
        errorOf={errorOf}
      />
      {isNew ? (
        <TextField label={t('field.key')} value={values.id} onChange={(id) => set('id', id)} isRequired help={t('key_help')} error={errorOf('id')} data-testid="field-id" />
      ) : (
        <p className="text-xs text-ink-3">
          {t('field.key')}: <code className="text-ink-2">{values.id}</code>
        </p>
      )}
      <NumberField label={t('field.position')} value={values.position} onChange={(position) => set('position', position)} help={t('dispositions.position_help')} error={errorOf('position')} />
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
