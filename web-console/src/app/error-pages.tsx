// What stands in the place of a page that is not there, or that broke.
import { useRouter } from '@tanstack/react-router'
import { CircleAlert, SearchX, Unplug } from 'lucide-react'
import { ApiProblem } from '@/api/client'
import { useTexts } from '@/i18n/use-texts'
import { Button, ButtonLink, EmptyState } from '@/ui'

export function NotFoundPage() {
  const { t } = useTexts('app')
  return (
    <div className="flex h-full items-center justify-center bg-surface">
      <EmptyState
        isPage
        icon={SearchX}
        title={t('not_found.title')}
        action={
          <ButtonLink href="/" tone="accent">
            {t('not_found.home')}
          </ButtonLink>
        }
      >
        {t('not_found.text')}
      </EmptyState>
    </div>
  )
}

export function FailedPage({ error }: { error: unknown }) {
  const { t } = useTexts('app')
  const router = useRouter()
  // The first look at the session found no server: the page is well, there is only nothing to show.
  const isUnreachable = error instanceof ApiProblem && (error.isUnreachable || error.status >= 502)
  return (
    <div className="flex h-full items-center justify-center bg-surface">
      <EmptyState
        isPage
        icon={isUnreachable ? Unplug : CircleAlert}
        title={t(isUnreachable ? 'unreachable.title' : 'failed.title')}
        action={
          <Button tone="accent" onPress={() => (isUnreachable ? void router.invalidate() : location.reload())}>
            {t(isUnreachable ? 'common:retry' : 'failed.reload')}
          </Button>
        }
      >
        {t(isUnreachable ? 'unreachable.text' : 'failed.text')}
      </EmptyState>
    </div>
  )
}
