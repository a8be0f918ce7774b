import { Link } from '@tanstack/react-router'
import { useTexts } from '@/i18n/use-texts'
import { Button, EmptyState } from '@/ui'

export function NotFoundPage() {
  const { t } = useTexts('app')
  return (
    <main className="flex h-full items-center justify-center">
      <EmptyState
        title={t('not_found.title')}
        action={
          <Link to="/" className="text-accent-ink hover:underline">
            {t('not_found.home')}
          </Link>
        }
      >
        {t('not_found.text')}
      </EmptyState>
    </main>
  )
}

export function FailedPage() {
  const { t } = useTexts('app')
  return (
    <main className="flex h-full items-center justify-center">
      <EmptyState
        title={t('failed.title')}
        action={
          <Button tone="accent" onPress={() => location.reload()}>
            {t('failed.reload')}
          </Button>
        }
      >
        {t('failed.text')}
      </EmptyState>
    </main>
  )
}
