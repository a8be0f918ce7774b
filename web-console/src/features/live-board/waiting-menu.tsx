// A supervisor's hand in the line: a waiting call is put first or ahead, taken, given to an agent who is ready, or moved to another queue.
import { EllipsisVertical } from 'lucide-react'
import { useState, useSyncExternalStore } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { useCommand } from '@/lib/use-command'
import { useFloor, useIsUp } from '@/lib/use-live'
import { boardStore } from '@/live/stores/board'
import { phone } from '@/phone/softphone'
import { Button, Dialog, Elapsed, IconButton, Menu, type MenuEntry } from '@/ui'
import { AheadDialog, MoveDialog } from './waiting-dialogs'

export interface WaitingMenuProps {
  call: string
  name: string
  /** Whether nobody is on the line and the place was promised: it can be put first, but neither ahead nor elsewhere. */
  isPromised?: boolean
  /** What else can be done with whoever waits. */
  more?: readonly MenuEntry[]
  testId?: string
}

export function WaitingMenu({ call, name, isPromised = false, more = [], testId = `waiting-menu-${call}` }: WaitingMenuProps) {
  const { t } = useTexts('live-board')
  const me = useFloor((floor) => floor.user)
  const isUp = useIsUp()
  const { run } = useCommand()
  const [isGiving, setGiving] = useState(false)
  const [asks, setAsks] = useState<'ahead' | 'move' | null>(null)
  const label = t('waiting.change', { name })
  const take = async () => {
    await phone.startShift()
    await phone.whenReady(4_000)
    if (me !== null) await run({ do: 'assign_waiting', call, agent: me })
  }
  return (
    <>
      <Menu
        label={label}
        placement="bottom end"
        trigger={<IconButton icon={EllipsisVertical} label={label} size="sm" isDisabled={!isUp} data-testid={testId} />}
        parts={[
          {
            title: t('waiting.title'),
            entries: [
              { text: t('waiting.put_first'), onAction: () => void run({ do: 'put_first', call }), testId: 'put-first' },
              { text: t('waiting.take'), onAction: () => void take(), testId: 'take-waiting' },
              { text: t('waiting.give'), onAction: () => setGiving(true), testId: 'give-waiting' },
              ...(isPromised
                ? []
                : [
                    { text: t('waiting.ahead'), onAction: () => setAsks('ahead'), testId: 'put-ahead' },
                    { text: t('waiting.move'), onAction: () => setAsks('move'), testId: 'move-waiting' },
                  ]),
              ...more,
            ],
          },
        ]}
      />
      <Dialog title={t('waiting.give_title', { name })} isOpen={isGiving} onClose={() => setGiving(false)} closeLabel={t('common:close')} width="sm">
        <ReadyAgents
          onChoose={(agent) => {
            setGiving(false)
            void run({ do: 'assign_waiting', call, agent })
          }}
        />
      </Dialog>
      {asks === 'ahead' && <AheadDialog call={call} name={name} onClose={() => setAsks(null)} />}
      {asks === 'move' && <MoveDialog call={call} name={name} onClose={() => setAsks(null)} />}
    </>
  )
}

/** Who is ready now, whoever has been so for longest first. */
function ReadyAgents({ onChoose }: { onChoose: (agent: string) => void }) {
  const { t } = useTexts('live-board')
  // With every new picture of the board: who is ready changes while the dialog is open.
  useSyncExternalStore(boardStore.onAny, boardStore.turn)
  const ready = boardStore
    .list('agents')
    .flatMap((id) => boardStore.agent(id) ?? [])
    .filter((agent) => agent.presence.state === 'ready')
    .toSorted((a, b) => a.since.localeCompare(b.since))
  if (ready.length === 0) return <p className="text-ink-3">{t('waiting.nobody_ready')}</p>
  return (
    <ul className="flex flex-col gap-1">
      {ready.map((agent) => (
        <li key={agent.id} className="flex items-center gap-3">
          <Button size="sm" onPress={() => onChoose(agent.id)} className="min-w-0 flex-1" data-testid={`give-to-${agent.id}`}>
            {agent.name}
          </Button>
          <Elapsed since={agent.since} />
        </li>
      ))}
    </ul>
  )
}
