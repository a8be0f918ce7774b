// What the call was about, in one action: nine buttons with digits, search for the rest.
import { useQuery } from '@tanstack/react-query'
import { Check } from 'lucide-react'
import { useMemo } from 'react'
import { dispositionsQuery, inLanguage } from '@/api/queries'
import type { Queue } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { ComboBox, cx, Skeleton } from '@/ui'
import { favourites, leavesFor, readCounts, type Leaf } from './favourites'

export function useLeaves(queue: Queue | undefined): { leaves: Leaf[]; quick: Leaf[]; isPending: boolean } {
  const { i18n } = useTexts('wrapup')
  const { data: tree, isPending } = useQuery(dispositionsQuery)
  const leaves = useMemo(() => leavesFor(tree ?? [], queue?.dispositions ?? [], (node) => inLanguage(node.names, i18n.language)), [tree, queue, i18n.language])
  // Counted once per panel: a button that moves under the pointer is worse than one in yesterday's place.
  const quick = useMemo(() => favourites(leaves, readCounts(queue?.id ?? '')), [leaves, queue?.id])
  return { leaves, quick, isPending }
}

export function DispositionPicker({
  leaves,
  quick,
  isPending,
  chosen,
  onChoose,
  isDisabled,
}: {
  leaves: readonly Leaf[]
  quick: readonly Leaf[]
  isPending: boolean
  chosen: string | null
  onChoose: (id: string) => void
  isDisabled: boolean
}) {
  const { t } = useTexts('wrapup')
  const rest = leaves.length > quick.length
  return (
    <div data-testid="disposition" data-chosen={chosen ?? ''} className="flex flex-col gap-1.5">
      {isPending && <Skeleton className="h-16 w-full" />}
      {!isPending && leaves.length === 0 && <p className="text-ink-3">{t('disposition.none')}</p>}
      <div className="grid grid-cols-2 gap-1">
      <div role="radiogroup" aria-label={t('disposition.label')} className="contents">
        {quick.map((leaf, i) => {
          const isChosen = leaf.id === chosen
          return (
            <button
              key={leaf.id}
              type="button"
              role="radio"
              aria-checked={isChosen}
              disabled={isDisabled}
              title={[...leaf.path, leaf.name].join(' / ')}
              onClick={() => onChoose(leaf.id)}
              data-testid={`disposition-${leaf.id}`}
              className={cx(
                'flex h-7 min-w-0 cursor-pointer items-center gap-1.5 rounded-md border px-1.5 text-left disabled:cursor-not-allowed disabled:opacity-50',
                isChosen ? 'border-accent bg-accent-soft font-semibold text-accent-ink' : 'border-line-strong bg-surface hover:bg-hover',
              )}
            >
              <kbd className="w-3 shrink-0 text-center font-sans text-xs text-ink-3">{isChosen ? <Check size={12} aria-hidden /> : i + 1}</kbd>
              <span className="truncate">{leaf.name}</span>
            </button>
          )
        })}
      </div>
      {(rest || (chosen !== null && !quick.some((leaf) => leaf.id === chosen))) && (
        <ComboBox
          label={t('disposition.search')}
          isLabelHidden
          isCompact
          placeholder={t('disposition.more')}
          emptyText={t('disposition.nothing')}
          choices={leaves.map((leaf) => (leaf.path.length > 0 ? { id: leaf.id, label: leaf.name, detail: leaf.path.join(' / ') } : { id: leaf.id, label: leaf.name }))}
          value={quick.some((leaf) => leaf.id === chosen) ? null : chosen}
          onChange={onChoose}
          isDisabled={isDisabled}
          className={quick.length % 2 === 0 ? 'col-span-2' : ''}
          data-testid="disposition-search"
        />
      )}
      </div>
    </div>
  )
}
