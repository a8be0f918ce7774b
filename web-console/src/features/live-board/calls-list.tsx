import { PhoneIncoming, PhoneOutgoing } from 'lucide-react'
import { useTexts } from '@/i18n/use-texts'
import { DeadAirBadge } from '@/lib/dead-air-badge'
import { PoorAudioBadge } from '@/lib/poor-audio-badge'
import { usePartyName } from '@/lib/use-party-name'
import type { CallState } from '@/live/protocol'
import { Badge, Elapsed, type BadgeTone } from '@/ui'
import { useBoardCall, useBoardList, useBoardQueue } from './use-board'
import { WaitingMenu } from './waiting-menu'

const TONES: Record<CallState['is'], BadgeTone> = {
  in_ivr: 'neutral',
  waiting: 'warn',
  offered: 'good',
  dialling: 'accent',
  talking: 'good',
  held: 'warn',
  parked: 'warn',
  passed_on: 'neutral',
  reconnecting: 'bad',
  wrapping_up: 'accent',
  over: 'neutral',
}

/** Every call on the floor, the oldest first. */
export function CallsList() {
  const { t } = useTexts('live-board')
  const ids = useBoardList('calls')
  return (
    <section aria-label={t('calls.title')} className="min-h-0 lg:overflow-auto">
      <h2 className="sticky top-0 z-10 flex h-7 items-center border-b border-line bg-surface px-4 text-xs text-ink-3">{t('calls.count', { count: ids.length })}</h2>
      {ids.length === 0 ? (
        <p className="p-4 text-ink-3">{t('calls.none')}</p>
      ) : (
        <ul>
          {ids.map((id) => (
            <CallRow key={id} id={id} />
          ))}
        </ul>
      )}
    </section>
  )
}

function CallRow({ id }: { id: string }) {
  const { t } = useTexts('live-board')
  const call = useBoardCall(id)
  const queue = useBoardQueue(call?.queue ?? '')
  const name = usePartyName(call)
  if (!call) return null
  const Icon = call.direction === 'outbound' ? PhoneOutgoing : PhoneIncoming
  return (
    <li data-testid={`board-call-${id}`} className="flex h-9 items-center gap-3 border-b border-line px-4 [contain:content]">
      <Icon size={15} aria-label={t(`common:direction.${call.direction}`)} className="shrink-0 text-ink-3" />
      <span className="min-w-0 flex-1 truncate">{name}</span>
      <span className="max-w-28 truncate text-xs text-ink-3">{queue?.name ?? call.line ?? ''}</span>
      <PoorAudioBadge call={call} />
      <DeadAirBadge call={call} />
      <Badge tone={TONES[call.state.is]}>{call.state.is === 'waiting' ? t('calls.position', { position: call.state.position }) : t(`common:call_state.${call.state.is}`)}</Badge>
      {call.state.is === 'waiting' && <WaitingMenu call={id} name={name} />}
      <span className="w-14 text-right">
        <Elapsed since={call.state.is === 'waiting' ? (call.queued_at ?? call.since) : call.since} />
      </span>
    </li>
  )
}
