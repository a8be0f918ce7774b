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
