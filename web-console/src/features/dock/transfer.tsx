// Blind transfer: the tile and its panel. The list of targets loads behind the first page, long before it is needed.
import { lazy, Suspense, type ReactElement } from 'react'
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import type { CallView } from '@/live/protocol'
import { PopoverPanel } from '@/ui'
import { dockStore, openPanel } from './actions'

const loadTargets = () => import('./transfer-targets')
const Targets = lazy(async () => ({ default: (await loadTargets()).TransferTargets }))

/** Fetches the list while nothing is to be done, so that a transfer never waits for the network. */
export function preloadTransfer(): void {
  setTimeout(() => void loadTargets().catch(() => {}), 2_000)
}

export function TransferPanel({ call, trigger }: { call: CallView | undefined; trigger: ReactElement }) {
  const { t } = useTexts('dock')
  const isOpen = useStore(dockStore, (state) => state.open === 'transfer')
  return (
    <PopoverPanel label={t('transfer')} placement="bottom end" isOpen={isOpen && call !== undefined} onOpenChange={(open) => openPanel(open ? 'transfer' : null)} trigger={trigger} className="w-80">
      {call && (
        <Suspense>
          <Targets call={call} />
        </Suspense>
      )}
    </PopoverPanel>
  )
}
