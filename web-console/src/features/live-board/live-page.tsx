// The live floor for supervisors: who waits, who serves, what needs a hand now. Pushed by the server, shown at most 4 times a second.
import { useRouteContext } from '@tanstack/react-router'
import { CirclePlay, Lock, Pause, Tv } from 'lucide-react'
import { useEffect, useState } from 'react'
import { isSupervisor } from '@/api/session'
import { useTexts } from '@/i18n/use-texts'
import { boardStore } from '@/live/stores/board'
import { Button, ButtonLink, EmptyState, Page, SkeletonLines } from '@/ui'
import { AsOf, Figures } from './age'
import { AlertHistory, AlertsStrip } from './alerts-strip'
import { AgentsTable } from './agents-table'
import { CallsList } from './calls-list'
import { QueuesTable } from './queues-table'
import { Summary } from './summary'
import { TellAgents } from './tell-agents'
import { TrunksStrip } from './trunks-strip'
import { useBoardList, useWatchBoard } from './use-board'

export function LivePage() {
  const { t } = useTexts('live-board')
  const { session } = useRouteContext({ from: '/shell' })
  if (isSupervisor(session.role)) return <Board />
  return (
    <Page title={t('title')}>
      <EmptyState icon={Lock} title={t('common:no_permission.title')}>
        {t('common:error.forbidden')}
      </EmptyState>
    </Page>
  )
}

function Board() {
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
          <AlertHistory />
          <TellAgents />
          <Button size="sm" icon={isFrozen ? CirclePlay : Pause} onPress={() => setFrozen(!isFrozen)}>
            {isFrozen ? t('go_on') : t('freeze')}
          </Button>
          <ButtonLink href="/board" size="sm" icon={Tv} data-testid="tv">
            {t('tv.open')}
          </ButtonLink>
        </>
      }
    >
      {isEmpty ? (
        <SkeletonLines count={9} label={t('common:loading')} />
      ) : (
        <Figures isFrozen={isFrozen} className="flex h-full min-h-0 flex-col">
          <Summary queues={queues} agents={agents} />
          <AlertsStrip />
          <TrunksStrip />
          <QueuesTable ids={queues} />
          <div className="grid min-h-48 flex-1 grid-cols-1 overflow-auto border-t border-line-strong lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] lg:overflow-hidden">
            <AgentsTable ids={agents} />
            <CallsList />
          </div>
        </Figures>
      )}
    </Page>
  )
}
