// The strip below the dock: what is to be done beside calls, only while there is something. The focus stays where it is.
import { lazy, Suspense, type ComponentType } from 'react'
import { useFloor } from '@/lib/use-live'
import type { AgentView } from '@/live/protocol'

type Work = AgentView['work']

/** Loads with the first item; where it cannot, calls are taken all the same, and the item goes to somebody else. */
const WorkItems = lazy<ComponentType<{ work: Work }>>(async () => {
  try {
    return { default: (await import('./work-items')).WorkItems }
  } catch {
    return { default: () => null }
  }
})

export function WorkStrip() {
  const work = useFloor((floor) => floor.agent?.work)
  if (!work || work.length === 0) return null
  return (
    <Suspense>
      <WorkItems work={work} />
    </Suspense>
  )
}
