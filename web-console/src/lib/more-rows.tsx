import { useTranslation } from 'react-i18next'
import { Button } from '@/ui'

/** The end of a list: the next page, if there is one. */
export function MoreRows({ list }: { list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> } }) {
  const { t } = useTranslation()
  if (!list.hasNextPage) return null
  return (
    <div className="flex justify-center p-3">
      <Button isDisabled={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()} data-testid="more">
        {list.isFetchingNextPage ? t('loading') : t('more')}
      </Button>
    </div>
  )
}

/** The head of a list: its name and how much of it is shown. */
export function ListTitle({ title, list }: { title: string; list: { items: readonly unknown[]; isSuccess: boolean; hasNextPage: boolean } }) {
  const { t } = useTranslation()
  const count = list.items.length
  return (
    <span className="flex items-baseline gap-2">
      {title}
      <span role="status" className="text-xs font-normal text-ink-3">
        {list.isSuccess && list.hasNextPage && t('count.first', { count })}
        {list.isSuccess && !list.hasNextPage && (
          <>
            <span aria-hidden>{count}</span>
            <span className="sr-only">{t('count.results', { count })}</span>
          </>
        )}
      </span>
    </span>
  )
}
