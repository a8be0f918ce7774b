import { Headphones } from 'lucide-react'
import { useTexts } from '@/i18n/use-texts'
import { useFloor } from '@/lib/use-live'
import { EmptyState } from '@/ui'

export function DeskPage() {
  const { t } = useTexts('desk')
  const state = useFloor((floor) => floor.agent?.presence.state)
  const isAgent = useFloor((floor) => floor.agent !== null)
  const key = !isAgent ? 'not_agent' : state === 'ready' ? 'ready' : 'away'
  return (
    <div className="flex h-full items-center justify-center bg-surface">
      <EmptyState icon={Headphones} title={t(`idle.${key}_title`)}>
        {t(`idle.${key}`)}
      </EmptyState>
    </div>
  )
}
