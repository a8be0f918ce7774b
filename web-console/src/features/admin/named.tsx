// What entries share that have a name in each language and a key that comes of it, and those of them that stand in a tree: the list's
// frame, the checks before the server is asked, and the first fields of the form.
import { inLanguage } from '@/api/queries'
import type { Versioned } from '@/api/records'
import { useTexts } from '@/i18n/use-texts'
import type { FieldErrors, Form } from '@/lib/use-form'
import { TextField, type Column } from '@/ui'
import { useEntries, type Kind } from './directory'
import { NamesFields, NumberField, tidyNames, useRange } from './form-parts'
import { isKey, keyOfName } from './keys'
import { asRows, type TreeNode } from './tree'

export interface Named {
  id: string
  names: Record<string, string>
}

export type NamedNode = Named & TreeNode

type NamedParts<T extends Named> = Required<Pick<Kind<T>, 'keyOf' | 'nameOf' | 'toBody' | 'check'>>

/** The parts of a kind that every named entry has. */
export function useNamedKind<T extends Named>(): NamedParts<T> {
  const { t, i18n } = useTexts('admin')
  return {
    keyOf: (entry) => entry.id,
    nameOf: (entry) => inLanguage(entry.names, i18n.language),
    toBody: (entry) => ({ ...entry, names: tidyNames(entry.names) }),
    check: (entry, isNew): FieldErrors => ({
      'names.en': Object.keys(tidyNames(entry.names)).length === 0 ? t('names_missing') : undefined,
      id: isNew && !isKey(entry.id) ? t('key_wrong') : undefined,
    }),
  }
}

const NOBODY: readonly never[] = []

/** The same of entries in a tree, with their order and the column of their names. */
export function useTreeKind<T extends NamedNode>(path: string): NamedParts<T> & { order: (a: T, b: T) => number; nameColumn: Column<Versioned<T>> } {
  const { t } = useTexts('admin')
  const { data: tree = NOBODY } = useEntries<T>(path)
  const range = useRange()
  const named = useNamedKind<T>()
  const rows = asRows(tree)
  const place = new Map(rows.map(({ node }, i) => [node.id, i]))
  const depth = new Map(rows.map(({ node, depth: level }) => [node.id, level]))
  return {
    ...named,
    order: (a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0),
    nameColumn: {
      id: 'name',
      title: t('field.name'),
      width: 'minmax(180px, 2fr)',
      cell: (node) => (
        <span style={{ paddingLeft: `${(depth.get(node.id) ?? 0) * 20}px` }} className={depth.get(node.id) === 0 ? 'font-semibold' : undefined}>
          {named.nameOf(node)}
        </span>
      ),
    },
    check: (node, isNew) => ({ ...named.check(node, isNew), position: range(node.position, 0, 100_000) }),
  }
}

/** Behind all that are there. */
export function lastPosition(known: readonly TreeNode[]): number {
  return Math.max(0, ...known.map((node) => node.position + 1))
}

/** The names and, for a new entry, the key that comes of them until it is written by hand. */
export function NamesAndKey<T extends Named>({ form, isNew, keyOf = keyOfName }: { form: Form<T>; isNew: boolean; /** The key of a name. */ keyOf?: (name: string) => string }) {
  const { t } = useTexts('admin')
  const { values, errorOf } = form
  const set = form.set as <K extends keyof Named>(key: K, value: Named[K]) => void
  const keyOfAll = (names: Readonly<Record<string, string>>) => keyOf(names.en ?? names.es ?? '')
  return (
    <>
      <NamesFields
        names={values.names}
        isNew={isNew}
        onChange={(names) => {
          if (isNew && (values.id === '' || values.id === keyOfAll(values.names))) set('id', keyOfAll(names))
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
    </>
  )
}

/** The place among the entries of the same branch. */
export function PositionField<T extends NamedNode>({ form }: { form: Form<T> }) {
  const { t } = useTexts('admin')
  const set = form.set as (key: 'position', value: number) => void
  return <NumberField label={t('field.position')} value={form.values.position} onChange={(position) => set('position', position)} help={t('dispositions.position_help')} error={form.errorOf('position')} />
}
