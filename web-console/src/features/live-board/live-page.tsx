// The live floor for supervisors: who waits, who serves, what needs a hand now. Pushed by the server, shown at most 4 times a second.
import { CirclePlay, Pause } from 'lucide-react'
import { useEffect, useState } from 'react'
import { exactTimeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { useNow } from '@/lib/use-live'
import { boardStore, DEAD_MS, STALE_MS } from '@/live/stores/board'
import { Button, cx, Page, SkeletonLines } from '@/ui'
import { AgentsTable } from './agents-table'
import { CallsList } from './calls-list'
import { QueuesTable } from './queues-table'
import { Summary } from './summary'
import { useBoardList, useWatchBoard } from './use-board'

export function LivePage() {
  const { t } = useTexts('live-board')
  useWatchBoard()
  const queues = useBoardList('queues')
  const agents = useBoardList('agents')
  const [isFrozen, setFrozen] = useState(false)
  useEffect(() => {
    boardStore.freeze(isFrozen)
    return () => boardStore.freeze(false)
  }, [isFrozen])
  const isEmpty = queues.length === 0 && agents.length === 0
  return (
    <Page
      isFlush
      title={t('title')}
      actions={
        <>
          <AsOf isFrozen={isFrozen} />
          <Button size="sm" icon={isFrozen ? CirclePlay : Pause} onPress={() => setFrozen(!isFrozen)}>
            {isFrozen ? t('go_on') : t('freeze')}
          </Button>
        </>
      }
    >
      {isEmpty ? (
        <SkeletonLines count={9} label={t('common:loading')} />
      ) : (
        <div className="flex h-full min-h-0 flex-col">
          <Summary queues={queues} agents={agents} />
          <QueuesTable ids={queues} />
          <div className="grid min-h-48 flex-1 grid-cols-1 overflow-auto border-t border-line-strong lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] lg:overflow-hidden">
            <AgentsTable ids={agents} />
            <CallsList />
          </div>
        </div>
      )}
    </Page>
  )
}

/** How old the figures are. A board that stands still must not look alive. */
function AsOf({ isFrozen }: { isFrozen: boolean }) {
  const { t, i18n } = useTexts('live-board')
  const now = useNow()
  const at = boardStore.at
  if (at === null) return null
  const age = now - at
  const isDead = age > DEAD_MS && !isFrozen
  return (
    <p
      role="status"
      aria-live={isDead ? 'polite' : 'off'}
      className={cx('rounded-sm px-2 py-0.5 text-xs', isDead ? 'bg-warn-soft font-medium text-warn-ink' : age > STALE_MS || isFrozen ? 'text-ink-3' : 'text-ink-2')}
    >
      {t(isFrozen ? 'frozen_at' : isDead ? 'dead' : 'as_of', { at: exactTimeText(at, i18n.language) })}
    </p>
  )
}
