import { useTranslation } from 'react-i18next'
import { ApiProblem } from '@/api/client'
import { problemText } from '@/api/problem-text'
import { Button } from '@/ui'

/** What refused a save and no field can show; for a record that somebody else changed, the way on. */
export function FormProblem({ problem, onReload }: { problem: unknown; onReload?: () => void }) {
  const { t } = useTranslation()
  if (problem === null || problem === undefined) return null
  const isConflict = problem instanceof ApiProblem && problem.kind === 'changed-meanwhile'
  return (
    <div role="alert" className="flex flex-wrap items-center gap-2 rounded-md bg-bad-soft px-3 py-2 text-bad-ink">
      <p className="min-w-0 flex-1 break-words">{isConflict ? t('error.changed') : problemText(problem)}</p>
      {isConflict && onReload && (
        <Button size="sm" onPress={onReload}>
          {t('error.changed_reload')}
        </Button>
      )}
    </div>
  )
}
