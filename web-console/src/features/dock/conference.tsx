// A conference: who is in it, each with the way out, who may be asked to join, and handing over to those who stay.
import { MicOff, PhoneForwarded, UserMinus, UserPlus, Users } from 'lucide-react'
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { useFloor, useIsUp } from '@/lib/use-live'
import { usePartyName } from '@/lib/use-party-name'
import type { CallView, ConferencePartyView } from '@/live/protocol'
import { Button, IconButton, PopoverPanel } from '@/ui'
import { dockStore, send } from './actions'
import { TransferPanel } from './transfer'

/** The customer and the agent are in it too. */
const OTHERS = 2

export function ConferenceControls({ call, isAsking }: { call: CallView; isAsking: boolean }) {
  const { t } = useTexts('dock')
  const isUp = useIsUp()
  const pending = useStore(dockStore, (state) => state.pending)
  const text = t('conference.count', { count: call.conference.length + OTHERS })
  return (
    <div role="group" aria-label={t('conference.title')} className="flex shrink-0 items-center gap-1.5">
      <PopoverPanel
        label={t('conference.title')}
        placement="bottom end"
        className="w-72"
        trigger={
          // While somebody is asked there is room for the number only.
          <Button size="sm" icon={Users} aria-label={text} data-testid="conference">
            {isAsking ? call.conference.length + OTHERS : text}
          </Button>
        }
      >
        <Parties call={call} />
      </PopoverPanel>
      <span className="sr-only" aria-live="polite">
        {text}
      </span>
      {!isAsking && (
        <>
          <TransferPanel call={call} trigger={<IconButton icon={UserPlus} label={t('conference.add')} size="sm" isDisabled={!isUp} data-testid="conference-add" />} />
          <Button size="sm" icon={PhoneForwarded} isDisabled={!isUp || pending.has('consult_complete')} onPress={() => void send({ do: 'consult_complete', call: call.id })} data-testid="consult-complete">
            {t('consult.complete')}
          </Button>
        </>
      )}
    </div>
  )
}

function Parties({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  const customer = usePartyName(call)
  return (
    <ul aria-label={t('conference.title')} className="divide-y divide-line" data-testid="conference-parties">
      <li className="flex min-h-9 items-center gap-2">
        <span className="min-w-0 flex-1 truncate font-medium">{customer}</span>
        <span className="text-xs text-ink-2">{t('conference.customer')}</span>
      </li>
      <li className="flex min-h-9 items-center">{t('conference.you')}</li>
      {call.conference.map((party) => (
        <PartyRow key={party.party} call={call} party={party} />
      ))}
    </ul>
  )
}

function PartyRow({ call, party }: { call: CallView; party: ConferencePartyView }) {
  const { t } = useTexts('dock')
  const isUp = useIsUp()
  const pending = useStore(dockStore, (state) => state.pending)
  const colleague = useFloor((floor) => (party.agent ? floor.colleagues.get(party.agent)?.name : undefined))
  const name = colleague ?? party.agent ?? party.number ?? ''
  return (
    <li className="flex min-h-9 items-center gap-2" data-testid={`conference-party-${party.party}`}>
      <span className="min-w-0 flex-1 truncate">{name}</span>
      {party.is_muted && <MicOff size={15} aria-label={t('conference.muted')} className="shrink-0 text-warn-ink" />}
      <IconButton icon={UserMinus} label={t('conference.drop', { name })} size="sm" isDisabled={!isUp || pending.has('conference_drop')} onPress={() => void send({ do: 'conference_drop', call: call.id, party: party.party })} data-testid={`conference-drop-${party.party}`} />
    </li>
  )
}
