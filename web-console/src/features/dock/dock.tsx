// The call dock: always there, always one height. A call that comes paints here and moves nothing; the focus stays where it is.
import { Link, useNavigate, useRouterState } from '@tanstack/react-router'
import { AlarmClock, Mic, MicOff, Pause, Phone, PhoneForwarded, PhoneIncoming, PhoneOff, PhoneOutgoing, Play } from 'lucide-react'
import { lazy, Suspense, useEffect, useState, type ComponentType } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { useStore } from 'zustand'
import { useQuery } from '@tanstack/react-query'
import { queuesQuery } from '@/api/queries'
import { phoneText } from '@/i18n/format'
import { useFloor, useIsUp } from '@/lib/use-live'
import { segmentText } from '@/i18n/words'
import { CallAgainButton } from '@/lib/call-again-button'
import { CallerIdentityBadge } from '@/lib/caller-identity'
import { PoorAudioBadge } from '@/lib/poor-audio-badge'
import { useRedirectionsText } from '@/lib/redirections'
import { endToTell } from '@/lib/call-end'
import { useKeysOf } from '@/lib/keymap'
import { usePartyName } from '@/lib/use-party-name'
import { useWrapUpLeft } from '@/lib/use-wrap-up'
import type { CallView } from '@/live/protocol'
import { foremostCall } from '@/live/stores/floor'
import { beep } from '@/phone/ringer'
import { phone, phoneStore } from '@/phone/softphone'
import { Badge, Button, Countdown, cx, Elapsed, Tile, TileToggle, type BadgeTone } from '@/ui'
import { answer, askedAbout, dockStore, guardLeft, isOnCall, send, toggleHold } from './actions'
import { ConferenceControls } from './conference'
import { ConsultControls } from './consult'
import { Keypad } from './keypad'
import { LevelMeter } from './level-meter'
import { ParkPanel } from './park'
import { PresenceControl } from './presence'
import { ForkControls } from './forks'
import { RecordingControls } from './recording'
import { SpeakingSupervisors, SupervisionControls } from './supervision'
import { preloadTransfer, TransferPanel } from './transfer'
import { useOffersShown } from './use-offers-shown'

/** Loads with the first call out; where it cannot, calls are made all the same. */
const AnsweredBy = lazy<ComponentType<{ call: CallView }>>(async () => {
  try {
    return { default: (await import('./answered-by')).AnsweredBy }
  } catch {
    return { default: () => null }
  }
})

export function Dock() {
  const { t } = useTexts('dock')
  const isAgent = useFloor((floor) => floor.agent !== null)
  const call = useFloor((floor) => foremostCall(floor.calls))
  const isRinging = call?.state.is === 'offered'
  const asked = call && askedAbout(call)
  // Who helps somebody else has no call to hold or mute.
  const isSupervising = useFloor((floor) => floor.supervised !== null) && !call
  useOffersShown()
  useEffect(() => {
    if (isAgent) preloadTransfer()
  }, [isAgent])
  return (
    <section
      aria-label={t('label')}
      data-testid={isRinging ? 'offer' : 'dock'}
      className={cx('flex h-14 min-w-0 items-center gap-3 overflow-hidden border-b px-3 max-lg:h-auto max-lg:min-h-14 max-lg:flex-wrap max-lg:py-1.5', isRinging ? 'border-good bg-good-soft' : 'border-line bg-surface')}
    >
      {isAgent && <PresenceControl />}
      {isAgent && <span aria-hidden className="h-8 border-l border-line" />}
      {call ? <Party call={call} /> : <div className="min-w-0 flex-1 truncate text-ink-3"><Onlooker isAgent={isAgent} /></div>}
      {call && <SpeakingSupervisors call={call} />}
      {call && asked && <ConsultControls call={call} consult={asked} />}
      {call && call.conference.length > 0 && <ConferenceControls call={call} isAsking={asked !== undefined} />}
      {call && isOnCall(call) && call.direction === 'outbound' && (
        <Suspense key={call.id}>
          <AnsweredBy call={call} />
        </Suspense>
      )}
      {call && isOnCall(call) && <RecordingControls call={call} />}
      {call && isOnCall(call) && <ForkControls call={call} />}
      {call && isRinging && <OfferButtons key={call.id} call={call} />}
      {isAgent && !isSupervising && <Controls call={call} />}
      <Announcer call={call} />
    </section>
  )
}

const STATE_TONES: Record<CallView['state']['is'], BadgeTone> = {
  in_ivr: 'neutral',
  waiting: 'neutral',
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

function Party({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  const name = usePartyName(call)
  const { data: queues } = useQuery(queuesQuery)
  const queue = queues?.find((one) => one.id === call.queue)?.name ?? call.queue
  const cause = endToTell(call)
  const redirected = useRedirectionsText()(call.party.redirections)
  const Icon = call.direction === 'outbound' ? PhoneOutgoing : call.state.is === 'offered' ? PhoneIncoming : Phone
  const details = [queue, call.party.segment ? segmentText(call.party.segment) : null, call.party.name && call.party.number ? phoneText(call.party.number) : null, redirected ? t('redirected', { who: redirected }) : null]
  return (
    <div className="flex min-w-0 flex-1 items-center gap-3 max-lg:min-w-64">
      <Icon size={20} aria-hidden className={cx('shrink-0', call.state.is === 'offered' ? 'ring-mark text-good' : 'text-ink-3')} />
      <div className="min-w-0">
        <Link to="/desk/call/$callId" params={{ callId: call.id }} className="block truncate font-semibold hover:underline">
          {name}
        </Link>
        {cause ? (
          <p className="truncate text-xs font-medium text-bad-ink" title={t(`common:end_cause.${cause}`)} data-testid="dock-end">
            {t(`common:end_cause.${cause}`)}
          </p>
        ) : call.returns_from ? (
          <p className="truncate text-xs font-medium text-warn-ink" title={t('park.returned', { slot: call.returns_from })} data-testid="dock-returned">
            {t('park.returned_short', { slot: call.returns_from })}
          </p>
        ) : call.callback ? (
          <p className="truncate text-xs text-ink-2" data-testid="dock-callback">
            <span className="font-medium text-accent-ink">{call.callback.attempt > 1 ? t('callback.again', { attempt: call.callback.attempt }) : t('callback.label')}</span>
            {[call.callback.note, ...details].filter(Boolean).map((part) => ` · ${part}`)}
          </p>
        ) : (
          <p className="truncate text-xs text-ink-2">{details.filter(Boolean).join(' · ')}</p>
        )}
      </div>
      <div className="flex shrink-0 items-center gap-2">
        <CallerIdentityBadge identity={call.party.identity} />
        <Badge tone={STATE_TONES[call.state.is]}>{t(`common:call_state.${call.state.is}`)}</Badge>
        {/* Always there, so that what comes into it is read out. */}
        <span role="status" className="contents">
          <PoorAudioBadge call={call} isMine />
        </span>
        <StateTimer call={call} />
        <CallAgainButton key={call.id} call={call} testId="dock-call-again" />
      </div>
    </div>
  )
}

function StateTimer({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  switch (call.state.is) {
    case 'offered':
    case 'reconnecting':
      return <Countdown until={call.state.until} className="text-lg font-semibold" />
    case 'wrapping_up':
      return <WrapUpTimer call={call} until={call.state.until ?? null} />
    case 'held':
      // Two times on hold: the whole call, and how long the customer has been waiting.
      return (
        <span className="flex items-baseline gap-2">
          <Elapsed since={call.connected_at ?? call.since} className="text-lg font-semibold" />
          <span className="text-xs text-warn-ink">
            {t('held_for')} <Elapsed since={call.since} />
          </span>
          {call.hold && (
            <span role="status" data-testid="hold-alert">
              <Badge tone={call.hold === 'recall' ? 'bad' : 'warn'} icon={AlarmClock}>
                {t(`hold_alert.${call.hold}`)}
              </Badge>
            </span>
          )}
        </span>
      )
    case 'talking':
    case 'dialling':
    case 'parked':
    case 'passed_on':
    case 'in_ivr':
    case 'waiting':
    case 'over':
      return <Elapsed since={call.connected_at ?? call.since} className="text-lg font-semibold" />
  }
}

/** Near its end the wrap-up says so, also to an agent who is on another page. */
function WrapUpTimer({ call, until }: { call: CallView; until: string | null }) {
  const { t } = useTexts('dock')
  const { isEnding } = useWrapUpLeft(call)
  useEffect(() => {
    if (isEnding) beep()
  }, [isEnding])
  if (until === null) return <Elapsed since={call.since} className="text-lg font-semibold" />
  return (
    <>
      <Countdown until={until} className={cx('text-lg font-semibold', isEnding && 'text-warn-ink')} />
      {isEnding && (
        <Badge tone="warn" icon={AlarmClock}>
          {t('ends_soon')}
        </Badge>
      )}
    </>
  )
}

function OfferButtons({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  const isUp = useIsUp()
  const pending = useStore(dockStore, (state) => state.pending)
  const keys = useKeysOf('answer')
  const [isGuarded, setGuarded] = useState(() => guardLeft(call) > 0)
  const navigate = useNavigate()
  const path = useRouterState({ select: (state) => state.location.pathname })
  useEffect(() => {
    if (!isGuarded) return
    const timer = setTimeout(() => setGuarded(false), guardLeft(call) + 1)
    return () => clearTimeout(timer)
  }, [isGuarded, call])
  const take = async () => {
    // A page where something may be being edited is left alone; the name in the dock leads to the record.
    const isFree = path.startsWith('/desk') || path === '/check' || path === '/live'
    if ((await answer(call)) && isFree) await navigate({ to: '/desk/call/$callId', params: { callId: call.id } })
  }
  return (
    <div className="flex shrink-0 items-center gap-2">
      <Button
        tone="quiet"
        isDisabled={isGuarded || !isUp || pending.has('decline')}
        onPress={() => void send({ do: 'decline', call: call.id })}
        data-testid="decline"
      >
        {t('decline')}
      </Button>
      <Button
        tone="good"
        size="lg"
        icon={Phone}
        isDisabled={isGuarded || !isUp || pending.has('answer')}
        onPress={() => void take()}
        data-testid="answer"
        aria-keyshortcuts={keys?.aria}
        className="font-semibold"
      >
        <span title={keys?.text}>{t('answer')}</span>
      </Button>
    </div>
  )
}

function Controls({ call }: { call: CallView | undefined }) {
  const { t } = useTexts('dock')
  const isUp = useIsUp()
  const isMuted = useStore(phoneStore, (state) => state.isMuted)
  const pending = useStore(dockStore, (state) => state.pending)
  const isLive = isOnCall(call)
  const isHeld = call?.state.is === 'held'
  const canHold = call?.state.is === 'talking' || isHeld
  const isDialling = call?.state.is === 'dialling'
  const keys = { mute: useKeysOf('mute'), hold: useKeysOf('hold'), transfer: useKeysOf('transfer'), hangUp: useKeysOf('hang_up') }
  const offline = isUp ? null : t('common:error.offline')
  const noCall = isLive ? null : t('off.no_call')
  const notYet = isDialling ? t('off.dialling') : null
  return (
    <div role="group" aria-label={t('controls')} className="flex items-center gap-0.5 max-lg:flex-wrap lg:shrink-0">
      <LevelMeter isLive={isLive} isMuted={isMuted} />
      <TileToggle
        isOn={isLive && isMuted}
        onChange={(wanted) => phone.mute(wanted)}
        icon={isMuted && isLive ? MicOff : Mic}
        text={isMuted && isLive ? t('muted') : t('mute')}
        tip={noCall ?? tipOf(t('mute'), keys.mute)}
        isDisabled={!isLive}
        tone="warn"
        data-testid="mute"
        aria-keyshortcuts={keys.mute?.aria}
      />
      {/* Swapping and handing over stand in the place of these two while somebody is asked. */}
      {!call?.consult && (
        <TileToggle
          isOn={isHeld}
          onChange={() => call && toggleHold(call)}
          icon={isHeld ? Play : Pause}
          text={isHeld ? t('resume') : t('hold')}
          tip={noCall ?? notYet ?? offline ?? tipOf(isHeld ? t('resume') : t('hold'), keys.hold)}
          isDisabled={!canHold || !isUp || pending.has('hold') || pending.has('resume')}
          data-testid="hold"
          aria-keyshortcuts={keys.hold?.aria}
        />
      )}
      <Keypad call={isLive ? call : undefined} />
      {!call?.consult && (
        <TransferPanel
          call={isLive && !isDialling ? call : undefined}
          trigger={
            <Tile
              icon={PhoneForwarded}
              text={t('transfer')}
              tip={noCall ?? notYet ?? offline ?? tipOf(t('transfer'), keys.transfer)}
              isDisabled={!isLive || isDialling || !isUp}
              data-testid="transfer"
              aria-keyshortcuts={keys.transfer?.aria}
            />
          }
        />
      )}
      {!call?.consult && <ParkPanel call={call} />}
      <Tile
        icon={PhoneOff}
        text={t('hang_up')}
        tip={noCall ?? offline ?? tipOf(t('hang_up'), keys.hangUp)}
        tone={isLive ? 'danger' : 'plain'}
        isDisabled={!isLive || !isUp || pending.has('hang_up')}
        onPress={() => call && void send({ do: 'hang_up', call: call.id })}
        data-testid="hang-up"
        aria-keyshortcuts={keys.hangUp?.aria}
        className="ml-3 max-sm:ml-1"
      />
    </div>
  )
}

/** What a control does, with its keys. */
function tipOf(text: string, keys: { text: string } | undefined): string {
  return keys ? `${text} (${keys.text})` : text
}

/** Without a call of one's own: where one is, and whose call one hears. */
function Onlooker({ isAgent }: { isAgent: boolean }) {
  const { t } = useTexts('dock')
  const call = useFloor((floor) => floor.supervised)
  const centre = useFloor((floor) => floor.centreName)
  if (call) return <SupervisionControls call={call} />
  return isAgent ? t('no_call') : <span className="font-semibold text-ink-2">{centre}</span>
}

/** Says what changed to those who do not see it. Ringing interrupts, the rest waits. */
function Announcer({ call }: { call: CallView | undefined }) {
  const { t } = useTexts('dock')
  const name = usePartyName(call)
  const { isEnding } = useWrapUpLeft(call)
  const state = call?.state.is
  const cause = call ? endToTell(call) : null
  const returned = call?.returns_from ? ` ${t('park.returned', { slot: call.returns_from })}` : ''
  const text = cause && !isEnding ? t('announce.ended', { name, cause: t(`common:end_cause.${cause}`) }) : isEnding ? t('announce.ends_soon') : state === 'offered' ? t('announce.offered', { name }) + returned : state ? t('announce.state', { name, state: t(`common:call_state.${state}`) }) : ''
  return (
    <p className="sr-only" aria-live={state === 'offered' ? 'assertive' : 'polite'}>
      {text}
    </p>
  )
}
