// Parking: the tile, which says how many calls are parked, and its panel: park this call, or take one.
import { CircleParking } from 'lucide-react'
import { useEffect } from 'react'
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { useKeysOf } from '@/lib/keymap'
import { ParkedList } from '@/lib/parked-list'
import { useFloor, useIsUp } from '@/lib/use-live'
import type { CallView } from '@/live/protocol'
import { Button, PopoverPanel, Tile } from '@/ui'
import { dockStore, isParkable, openPanel, park } from './actions'

export function ParkPanel({ call }: { call: CallView | undefined }) {
  const { t } = useTexts('dock')
  const isUp = useIsUp()
  const count = useFloor((floor) => floor.parked.length)
  const isOpen = useStore(dockStore, (state) => state.open === 'park')
  const pending = useStore(dockStore, (state) => state.pending)
  const keys = useKeysOf('park')
  // It goes while somebody is asked, and does not come back open by itself.
  useEffect(
    () => () => {
      if (dockStore.getState().open === 'park') openPanel(null)
    },
    [],
  )
  const text = count > 0 ? t('park.tile_count', { count }) : t('park.tile')
  return (
    <PopoverPanel
      label={t('common:parked.title')}
      placement="bottom end"
      isOpen={isOpen}
      onOpenChange={(open) => openPanel(open ? 'park' : null)}
      trigger={<Tile icon={CircleParking} text={text} tip={keys ? `${t('park.tip')} (${keys.text})` : t('park.tip')} data-testid="park" aria-keyshortcuts={keys?.aria} />}
      className="w-96"
    >
      <div className="flex flex-col gap-2">
        {isParkable(call) && (
          <Button tone="accent" icon={CircleParking} isDisabled={!isUp || pending.has('park')} onPress={() => void park(call)} data-testid="park-now" autoFocus>
            {t('park.now')}
          </Button>
        )}
        <ParkedList onTaken={() => openPanel(null)} />
      </div>
    </PopoverPanel>
  )
}
