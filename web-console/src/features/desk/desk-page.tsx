// The agent's desk: a tab per call, the record in the middle, what is to be done with the call on the right.
import { Link, useParams } from '@tanstack/react-router'
import { Headphones, PanelRightClose, PanelRightOpen, PhoneIncoming, PhoneMissed, PhoneOutgoing } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { readSetting, writeSetting } from '@/lib/storage'
import { becomeReady } from '@/lib/shift'
import { ParkedList } from '@/lib/parked-list'
import { useFloor, useIsUp } from '@/lib/use-live'
import { usePartyName } from '@/lib/use-party-name'
import type { AgentView, CallView } from '@/live/protocol'
import { foremostCall } from '@/live/stores/floor'
import { phone, phoneStore } from '@/phone/softphone'
import { Button, cx, EmptyState, IconButton, SkeletonLines } from '@/ui'
import { Pop } from './pop'
import { MyTickets } from './my-tickets'

/** `side` is what stands beside the record: notes, disposition, ticket. */
export function DeskPage({ side }: { side: (call: CallView) => ReactNode }) {
  const { t } = useTexts('desk')
  const { callId } = useParams({ strict: false })
  const calls = useFloor((floor) => floor.calls)
  const hasFloor = useFloor((floor) => floor.hasFloor)
  const isElsewhere = useStore(phoneStore, (state) => state.leadership === 'waiting' || state.isReplaced)
  const [isFolded, setFolded] = useState(() => readSetting('desk.side') === 'folded')
  // Without an address of its own the desk shows the call that matters most.
  const call = calls.find((one) => one.id === callId) ?? foremostCall(calls)

  if (!hasFloor && isElsewhere) return <EmptyState icon={Headphones} title={t('elsewhere.title')} action={<Button tone="accent" onPress={() => phone.takeOver()}>{t('app:status.use_here')}</Button>}>{t('elsewhere.text')}</EmptyState>
  if (!hasFloor) return <SkeletonLines count={6} label={t('common:loading')} />
  if (!call) return <Idle />
  const fold = () => {
    writeSetting('desk.side', isFolded ? null : 'folded')
    setFolded(!isFolded)
  }
  return (
    <div className="flex h-full min-h-0 flex-col bg-surface">
      <div className="flex h-9 shrink-0 items-stretch border-b border-line bg-ground">
        <nav aria-label={t('tabs')} className="flex min-w-0 flex-1 items-stretch">
          {calls.map((one) => (
            <CallTab key={one.id} call={one} isSelected={one.id === call.id} />
          ))}
        </nav>
        <IconButton icon={isFolded ? PanelRightOpen : PanelRightClose} label={isFolded ? t('unfold') : t('fold')} size="sm" onPress={fold} className="m-1" aria-expanded={!isFolded} />
      </div>
      <div className="flex min-h-0 flex-1 max-lg:flex-col max-lg:overflow-auto">
        <div className="min-w-0 flex-1 overflow-auto max-lg:flex-none max-lg:overflow-visible">
          <Pop key={call.id} call={call} />
        </div>
        {!isFolded && (
          <aside key={call.id} aria-label={t('side')} className="w-96 shrink-0 overflow-hidden border-l border-line bg-ground max-lg:w-full max-lg:border-t max-lg:border-l-0">
            {side(call)}
          </aside>
        )}
      </div>
    </div>
  )
}

function CallTab({ call, isSelected }: { call: CallView; isSelected: boolean }) {
  const name = usePartyName(call)
  const Icon = call.direction === 'outbound' ? PhoneOutgoing : PhoneIncoming
  return (
    <Link
      to="/desk/call/$callId"
      params={{ callId: call.id }}
      aria-current={isSelected ? 'page' : undefined}
      className={cx(
        'flex max-w-60 min-w-0 items-center gap-2 border-r border-line px-3 outline-offset-[-2px]',
        isSelected ? 'bg-surface font-semibold shadow-[inset_0_2px_0_var(--accent)]' : 'text-ink-2 hover:bg-hover',
      )}
    >
      <Icon size={14} aria-hidden className="shrink-0" />
      <span className="truncate">{name}</span>
    </Link>
  )
}

function Idle() {
  const { t } = useTexts('desk')
  const agent = useFloor((floor) => floor.agent)
  const isUp = useIsUp()
  const key = idleKey(agent)
  const hasParked = useFloor((floor) => floor.parked.length > 0)
  return (
    <div className="flex h-full min-h-0 bg-surface max-lg:flex-col max-lg:overflow-auto">
      <h1 className="sr-only">{t('title')}</h1>
      <div className="flex min-w-0 flex-1 items-center justify-center" data-testid="idle" data-why={key}>
        <EmptyState
          icon={key === 'missed' ? PhoneMissed : Headphones}
          title={t(`idle.${key}_title`)}
          action={
            key !== 'ready' &&
            key !== 'not_agent' && (
              <Button tone="accent" size="lg" isDisabled={!isUp} onPress={() => void becomeReady()} data-testid="become-ready">
                {t(key === 'away' ? 'idle.start' : 'idle.again')}
              </Button>
            )
          }
        >
          {t(`idle.${key}`)}
        </EmptyState>
      </div>
      <aside aria-label={t('my_tickets.title')} className="w-96 shrink-0 overflow-auto border-l border-line bg-ground max-lg:w-full max-lg:border-l-0">
        {hasParked && (
          <section aria-label={t('common:parked.title')} className="border-b border-line">
            <h2 className="flex h-9 items-center border-b border-line px-3 text-xs font-semibold text-ink-2">{t('common:parked.title')}</h2>
            <ParkedList />
          </section>
        )}
        <MyTickets />
      </aside>
    </div>
  )
}

/** Why nothing rings: waiting, away by choice, or put aside by the server, which is said with its reason. */
function idleKey(agent: AgentView | null): 'ready' | 'away' | 'missed' | 'device' | 'supervisor' | 'not_agent' {
  if (!agent) return 'not_agent'
  const { presence, why } = agent
  if (presence.state === 'ready') return 'ready'
  if (presence.state === 'paused') {
    if (presence.reason === 'missed' || why === 'missed_offer') return 'missed'
    if (presence.reason === 'device' || why === 'device') return 'device'
  }
  return why === 'supervisor' ? 'supervisor' : 'away'
}
