import { Lock, SearchX } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { ApiProblem } from '@/api/client'
import { problemText } from '@/api/problem-text'
import { EmptyState, ErrorState } from '@/ui'

/** In place of what could not be read. What is not there, or not for this user, does not come by trying again. */
export function LoadProblem({ problem, onRetry }: { problem: unknown; onRetry: () => void }) {
  const { t } = useTranslation()
  if (problem instanceof ApiProblem && problem.status === 404) {
    return (
      <EmptyState icon={SearchX} title={t('error.gone')}>
        {problemText(problem)}
      </EmptyState>
    )
  }
  if (problem instanceof ApiProblem && problem.status === 403) {
    return (
      <EmptyState icon={Lock} title={t('no_permission.title')}>
        {problemText(problem)}
      </EmptyState>
    )
  }
  return (
    <ErrorState title={t('error.load')} retryLabel={t('retry')} onRetry={onRetry}>
      {problemText(problem)}
    </ErrorState>
  )
}
