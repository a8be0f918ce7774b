// A list of entries with the form of one beside it. Everything that an administrator sets up is shown and changed like this.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus, Trash2, X, type LucideIcon } from 'lucide-react'
import { useEffect, useRef, useState, type ComponentType, type ReactNode } from 'react'
import { api, withQuery } from '@/api/client'
import { problemText } from '@/api/problem-text'
import type { Versioned } from '@/api/records'
import type { Page as PageOf } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { FormProblem } from '@/lib/form-problem'
import { LoadProblem } from '@/lib/load-problem'
import { ListTitle } from '@/lib/more-rows'
import { useForm, type FieldErrors, type Form } from '@/lib/use-form'
import { Button, cx, EmptyState, IconButton, Page, showToast, SkeletonLines, Table, type Column } from '@/ui'
import type { SectionId } from './search'

export interface FieldsProps<T> {
  form: Form<T>
  isNew: boolean
}

export interface Kind<T extends object> {
  section: NewKey
  icon: LucideIcon
  /** Where the server keeps them; also their place among the queries. */
  path: string
  keyOf: (entry: T) => string
  nameOf: (entry: T) => string
  /** `isWide` columns give way while a form is open. */
  columns: ReadonlyArray<Column<Versioned<T>> & { isWide?: boolean }>
  order?: (a: T, b: T) => number
  blank: (known: ReadonlyArray<Versioned<T>>) => T
  /** The entry as its form begins: an empty secret, lines to write in. */
  toForm?: (entry: T) => T
  /** What is sent, without the version. */
  toBody?: (values: T, isNew: boolean) => object
  check?: (values: T, isNew: boolean) => FieldErrors
  Fields: ComponentType<FieldsProps<T>>
  /** Something of its own below the form of an entry that is there. */
  Extra?: ComponentType<{ entry: Versioned<T> }>
  /** What cannot be made again by undo: a secret that nobody can read back. */
  isFinal?: (entry: T) => boolean
  /** Entries are put under their key, new ones too. */
  isPutOnly?: boolean
  /** Other lists that a change of this one shows in. */
  touches?: readonly string[]
  formWidth?: string
}

/** Entries of a kind, as they are now. */
export function useEntries<T>(path: string) {
  return useQuery({
    queryKey: [path.slice(1)],
    queryFn: ({ signal }) => api.get<PageOf<Versioned<T>>>(path, {}, signal).then((page) => page.items),
  })
}

export function DirectoryPage<T extends object>({ kind, aside }: { kind: Kind<T>; aside?: ReactNode }) {
  const { t } = useTexts('admin')
  const search = useSearch({ from: '/shell/admin/$section' })
  const navigate = useNavigate()
  const list = useEntries<T>(kind.path)
  const [generation, setGeneration] = useState(0)
  const items = kind.order ? list.data?.toSorted(kind.order) : list.data
  const entry = search.edit === undefined ? undefined : items?.find((one) => kind.keyOf(one) === search.edit)
  const isNew = search.make !== undefined
  const isFormOpen = isNew || entry !== undefined
  const go = (next: { edit?: string; make?: string }) => void navigate({ to: '/admin/$section', params: { section: kind.section }, search: next })
  const close = (key?: string) => {
    go({})
    // The focus goes back to the row that the form came from, or to where the next entry is made.
    const origin = key === undefined ? 'entry-new' : `entry-${CSS.escape(key)}`
    setTimeout(() => document.querySelector<HTMLElement>(`[data-testid="${origin}"]`)?.focus(), 50)
  }
  return (
    <Page
      isFlush
      title={<ListTitle title={t(`section.${kind.section}`)} list={{ items: items ?? [], isSuccess: list.isSuccess, hasNextPage: false }} />}
      actions={
        <>
          {aside}
          <Button tone={isFormOpen ? 'quiet' : 'accent'} icon={Plus} onPress={() => go({ make: 'entry' })} data-testid="entry-new">
            {t(`new.${kind.section}`)}
          </Button>
        </>
      }
    >
      <div className="flex h-full min-h-0">
        <div className={cx('min-h-0 min-w-0 flex-1 overflow-auto', isFormOpen && 'max-lg:hidden')}>
          <p className="max-w-3xl px-4 py-2 text-xs text-ink-3">{t(`about.${kind.section}`)}</p>
          {list.isPending && <SkeletonLines count={8} label={t('common:loading')} />}
          {list.isError && <LoadProblem problem={list.error} onRetry={() => void list.refetch()} />}
          {items?.length === 0 && (
            <EmptyState
              icon={kind.icon}
              title={t('empty')}
              action={
                !isNew && (
                  <Button icon={Plus} onPress={() => go({ make: 'entry' })}>
                    {t(`new.${kind.section}`)}
                  </Button>
                )
              }
            >
              {t('empty_text')}
            </EmptyState>
          )}
          {items !== undefined && items.length > 0 && (
            <Table
              label={t(`section.${kind.section}`)}
              columns={isFormOpen ? kind.columns.filter((column) => column.isWide !== true) : kind.columns}
              rows={items}
              rowKey={kind.keyOf}
              onOpen={(one) => go({ edit: kind.keyOf(one) })}
              openKey={search.edit}
              rowTestId={(one) => `entry-${kind.keyOf(one)}`}
            />
          )}
        </div>
        {(isNew || entry) && items !== undefined && (
          <EntryForm
            key={`${search.edit ?? 'new'}${generation}`}
            kind={kind}
            entry={entry}
            known={items}
            onClose={close}
            onReload={() => void list.refetch().then(() => setGeneration((count) => count + 1))}
          />
        )}
        {search.edit !== undefined && !entry && items !== undefined && (
          <div className="w-100 shrink-0 border-l border-line">
            <EmptyState title={t('gone')} action={<Button onPress={() => close()}>{t('common:close')}</Button>} />
          </div>
        )}
      </div>
    </Page>
  )
}

/** Sections whose entries are made here. */
export type NewKey = Exclude<SectionId, 'centre' | 'tokens' | 'audit' | 'workflow'>

function EntryForm<T extends object>({ kind, entry, known, onClose, onReload }: { kind: Kind<T>; entry: Versioned<T> | undefined; known: ReadonlyArray<Versioned<T>>; onClose: (key?: string) => void; onReload: () => void }) {
  const { t } = useTexts('admin')
  const client = useQueryClient()
  const isNew = entry === undefined
  const [first] = useState(() => {
    if (!entry) return kind.blank(known)
    const { version: _, ...rest } = entry
    return kind.toForm?.(rest as unknown as T) ?? (rest as unknown as T)
  })
  const renew = () => Promise.all([kind.path.slice(1), ...(kind.touches ?? [])].map((name) => client.invalidateQueries({ queryKey: [name] })))
  const at = (key: string) => `${kind.path}/${encodeURIComponent(key)}`

  const [form, ref] = useForm<T>({
    initial: first,
    check: (values) => kind.check?.(values, isNew) ?? {},
    save: async (values) => {
      const body = kind.toBody?.(values, isNew) ?? values
      const key = kind.keyOf(values)
      if (isNew && kind.isPutOnly !== true) await api.post(kind.path, body)
      else await api.put(at(key), { ...body, version: entry?.version ?? 0 })
      await renew()
      showToast({ tone: 'good', text: t('saved', { name: kind.nameOf(values) }) })
      onClose(key)
    },
  })

  const remove = async () => {
    if (!entry) return
    const { version, ...rest } = entry
    const gone = rest as unknown as T
    const name = kind.nameOf(gone)
    try {
      await api.delete(withQuery(at(kind.keyOf(gone)), { version }))
    } catch (error) {
      showToast({ tone: 'bad', text: problemText(error) })
      return
    }
    await renew()
    const back = async () => {
      try {
        const body = kind.toBody?.(kind.toForm?.(gone) ?? gone, true) ?? gone
        await (kind.isPutOnly === true ? api.put(at(kind.keyOf(gone)), { ...body, version: 0 }) : api.post(kind.path, body))
        await renew()
      } catch (error) {
        showToast({ tone: 'bad', text: problemText(error) })
      }
    }
    showToast({ tone: 'good', text: t('removed', { name }), ...(kind.isFinal?.(gone) === true ? {} : { action: { label: t('common:undo'), run: () => void back() } }) })
    onClose()
  }

  return (
    <aside aria-label={isNew ? t(`new.${kind.section}`) : kind.nameOf(first)} className={cx('flex min-h-0 shrink-0 flex-col border-line bg-ground max-lg:w-full lg:border-l', kind.formWidth ?? 'lg:w-100')}>
      <header className="flex h-11 shrink-0 items-center gap-2 border-b border-line px-4">
        <h2 className="min-w-0 flex-1 truncate text-lg">{isNew ? t(`new.${kind.section}`) : kind.nameOf(first)}</h2>
        <IconButton icon={X} label={t('common:close')} size="sm" onPress={() => onClose(entry && kind.keyOf(first))} />
      </header>
      <form ref={ref} onSubmit={(event) => void form.submit(event)} className="flex min-h-0 flex-1 flex-col" noValidate>
        <div className="flex min-h-0 flex-1 flex-col gap-3 overflow-auto p-4">
          <kind.Fields form={form} isNew={isNew} />
          {entry && kind.Extra && <kind.Extra entry={entry} />}
        </div>
        {form.problem !== null && (
          <div className="shrink-0 px-4 pb-3">
            <FormProblem problem={form.problem} onReload={onReload} />
          </div>
        )}
        <footer className="flex shrink-0 items-center gap-2 border-t border-line px-4 py-2.5">
          <Button type="submit" tone="accent" isDisabled={form.isSaving || (!isNew && !form.isDirty)} data-testid="entry-save">
            {form.isSaving ? t('common:saving') : t('common:save')}
          </Button>
          <Button tone="plain" onPress={() => onClose(entry && kind.keyOf(first))}>
            {t('common:cancel')}
          </Button>
          {entry && <RemoveButton isFinal={kind.isFinal?.(first) === true} onRemove={() => void remove()} />}
        </footer>
      </form>
    </aside>
  )
}

const SURE_MS = 5_000

/** Removes at once when that can be undone; else asks for a second press. */
export function RemoveButton({ isFinal, onRemove, size = 'md' }: { isFinal: boolean; onRemove: () => void; size?: 'sm' | 'md' }) {
  const { t } = useTexts('admin')
  const [isSure, setSure] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const press = () => {
    if (!isFinal || isSure) return onRemove()
    setSure(true)
    timer.current = setTimeout(() => setSure(false), SURE_MS)
  }
  return (
    <Button tone={isSure ? 'danger' : 'plain'} size={size} icon={Trash2} onPress={press} className="ml-auto" data-testid="entry-remove">
      {isSure ? t('remove_sure') : t('common:remove')}
    </Button>
  )
}
