// Before the shift: does the microphone hear, does the bell ring, may we notify, does audio reach the server.
import { Bell, CircleAlert, CircleCheck, CircleDashed, Mic, Network, Volume2, type LucideIcon } from 'lucide-react'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { useFloor } from '@/lib/use-live'
import { chooseDevice, chosenDevice, listDevices, onDevicesChanged, openMicrophone, type DeviceChoice, type DeviceUse } from '@/phone/devices'
import { microphoneProblem, type LegProblem } from '@/phone/media-leg'
import { watchLevel } from '@/phone/meter'
import { chooseRing, chosenRing, RING_NAMES, ringOnce, ringVolume, setRingVolume, stopRinging, unlockAudio, applyRinger } from '@/phone/ringer'
import { phone, phoneStore } from '@/phone/softphone'
import { Button, Page, Select } from '@/ui'

export function CheckPage() {
  const { t } = useTexts('precheck')
  return (
    <Page title={t('title')}>
      <div className="mx-auto flex max-w-2xl flex-col divide-y divide-line">
        <p className="pb-4 text-ink-2">{t('intro')}</p>
        <MicrophoneCheck />
        <SoundCheck />
        <NotificationCheck />
        <NetworkCheck />
      </div>
    </Page>
  )
}

type Verdict = 'open' | 'good' | 'bad'

function Step({ icon: Icon, title, verdict, text, children }: { icon: LucideIcon; title: string; verdict: Verdict; text: string; children?: ReactNode }) {
  const Mark = verdict === 'good' ? CircleCheck : verdict === 'bad' ? CircleAlert : CircleDashed
  const tone = verdict === 'good' ? 'text-good' : verdict === 'bad' ? 'text-bad' : 'text-ink-3'
  return (
    <section className="grid grid-cols-[24px_1fr_auto] gap-x-3 gap-y-2 py-4" data-verdict={verdict}>
      <Icon size={20} strokeWidth={1.75} aria-hidden className="text-ink-3" />
      <div className="min-w-0">
        <h2 className="font-semibold">{title}</h2>
        <p role="status" className={verdict === 'bad' ? 'text-bad-ink' : 'text-ink-2'}>
          {text}
        </p>
      </div>
      <Mark size={20} aria-hidden className={tone} />
      <div className="col-start-2 flex flex-wrap items-end gap-2">{children}</div>
    </section>
  )
}

/** Louder than this is a voice, not a room. */
const HEARD = 0.015

function MicrophoneCheck() {
  const { t } = useTexts('precheck')
  const [problem, setProblem] = useState<LegProblem | null>(null)
  const [isOpen, setOpen] = useState(false)
  const [isHeard, setHeard] = useState(false)
  const [device, setDevice] = useState(() => chosenDevice('microphone'))
  const bar = useRef<HTMLDivElement>(null)

  useEffect(() => {
    if (!isOpen) return
    let stop = () => {}
    let isGone = false
    openMicrophone()
      .then((stream) => {
        const close = () => {
          for (const track of stream.getTracks()) track.stop()
        }
        if (isGone) {
          close()
          return
        }
        setProblem(null)
        const unwatch = watchLevel(stream, (level) => {
          if (level > HEARD) setHeard(true)
          bar.current?.style.setProperty('width', `${Math.min(100, Math.round(Math.sqrt(level) * 180))}%`)
        })
        stop = () => {
          unwatch()
          close()
        }
      })
      .catch((error: unknown) => setProblem(microphoneProblem(error)))
    return () => {
      isGone = true
      stop()
    }
  }, [isOpen, device])

  const verdict = problem ? 'bad' : isHeard ? 'good' : 'open'
  const text = problem ? t(`microphone.problem.${problem}`) : isHeard ? t('microphone.heard') : isOpen ? t('microphone.speak') : t('microphone.start')
  return (
    <Step icon={Mic} title={t('microphone.title')} verdict={verdict} text={text}>
      <div className="h-2 w-full overflow-hidden rounded-sm bg-sunken" aria-hidden>
        <div ref={bar} className="h-full w-0 bg-good" />
      </div>
      {!isOpen && (
        <Button tone="accent" onPress={() => setOpen(true)} data-testid="check-microphone">
          {t('microphone.test')}
        </Button>
      )}
      <DeviceSelect
        use="microphone"
        kind="audioinput"
        isKnown={isOpen && problem === null}
        onChosen={(id) => {
          setHeard(false)
          setDevice(id)
          void phone.applyDevices()
        }}
      />
    </Step>
  )
}

function SoundCheck() {
  const { t } = useTexts('precheck')
  const [state, setState] = useState<'open' | 'asked' | 'heard' | 'silent'>('open')
  const [volume, setVolume] = useState(ringVolume)
  const [tone, setTone] = useState(chosenRing)
  const verdict = state === 'heard' ? 'good' : state === 'silent' ? 'bad' : 'open'
  const ring = () => {
    unlockAudio()
    ringOnce()
    setState('asked')
  }
  return (
    <Step icon={Volume2} title={t('sound.title')} verdict={verdict} text={t(`sound.${state}`)}>
      <Button onPress={ring} data-testid="check-ring">
        {t('sound.ring')}
      </Button>
      {state === 'asked' && (
        <>
          <Button onPress={() => setState('heard')}>{t('sound.yes')}</Button>
          <Button
            onPress={() => {
              stopRinging()
              setState('silent')
            }}
          >
            {t('sound.no')}
          </Button>
        </>
      )}
      <Select
        label={t('sound.tone')}
        choices={RING_NAMES.map((id) => ({ id, label: t(`sound.tones.${id}`) }))}
        value={tone}
        onChange={(id) => {
          const chosen = RING_NAMES.find((name) => name === id)
          if (!chosen) return
          chooseRing(chosen)
          setTone(chosen)
          ring()
        }}
        className="w-36"
        data-testid="ring-tone"
      />
      <label className="flex flex-col gap-1 text-xs font-medium text-ink-2">
        {t('sound.volume')}
        <input
          type="range"
          min={0.1}
          max={1}
          step={0.1}
          value={volume}
          onChange={(event) => {
            setVolume(Number(event.target.value))
            setRingVolume(Number(event.target.value))
          }}
          className="h-8 w-28 accent-(--accent)"
        />
      </label>
      <DeviceSelect use="ringer" kind="audiooutput" isKnown={state !== 'open'} onChosen={() => void applyRinger()} />
      <DeviceSelect use="speaker" kind="audiooutput" isKnown={state !== 'open'} onChosen={() => void phone.applyDevices()} />
    </Step>
  )
}

function DeviceSelect({ use, kind, isKnown, onChosen }: { use: DeviceUse; kind: 'audioinput' | 'audiooutput'; isKnown: boolean; onChosen: (id: string) => void }) {
  const { t } = useTexts('precheck')
  const [devices, setDevices] = useState<DeviceChoice[]>([])
  const [chosen, setChosen] = useState(() => chosenDevice(use))
  useEffect(() => {
    if (!isKnown) return
    const refresh = () => void listDevices(kind).then(setDevices)
    refresh()
    return onDevicesChanged(refresh)
  }, [kind, isKnown])
  // Browsers name devices only after the microphone was allowed; a list of nameless ones helps nobody.
  const named = devices.filter((device) => device.label !== '' && device.id !== 'default')
  if (named.length < 2) return null
  return (
    <Select
      label={t(`device.${use}`)}
      choices={[{ id: 'default', label: t('device.default') }, ...named]}
      value={named.some((device) => device.id === chosen) ? chosen : 'default'}
      onChange={(id) => {
        const device = id === 'default' ? '' : id
        chooseDevice(use, device)
        setChosen(device)
        onChosen(device)
      }}
      className="w-60"
    />
  )
}

function NotificationCheck() {
  const { t } = useTexts('precheck')
  const [permission, setPermission] = useState(() => (typeof Notification === 'undefined' ? 'denied' : Notification.permission))
  const verdict = permission === 'granted' ? 'good' : permission === 'denied' ? 'bad' : 'open'
  return (
    <Step icon={Bell} title={t('notification.title')} verdict={verdict} text={t(`notification.${permission}`)}>
      {permission === 'default' && (
        <Button onPress={() => void Notification.requestPermission().then(setPermission)}>{t('notification.allow')}</Button>
      )}
    </Step>
  )
}

function NetworkCheck() {
  const { t } = useTexts('precheck')
  const connection = useFloor((floor) => floor.connection.is)
  const isAgent = useFloor((floor) => floor.agent !== null)
  const leg = useStore(phoneStore, (state) => state.leg)
  const [wasAsked, setAsked] = useState(false)
  const isUp = connection === 'up'
  const verdict = !isUp ? 'bad' : leg.is === 'up' || !isAgent ? 'good' : leg.is === 'blocked' || leg.is === 'lost' ? 'bad' : 'open'
  const text = !isUp
    ? t('network.offline')
    : !isAgent
      ? t('network.connected')
      : leg.is === 'up'
        ? t('network.good')
        : leg.is === 'blocked' && leg.problem !== 'refused'
          ? t(`microphone.problem.${leg.problem}`)
          : leg.is === 'blocked' || leg.is === 'lost'
            ? t('network.no_audio')
            : wasAsked
              ? t('network.testing')
              : t('network.start')
  return (
    <Step icon={Network} title={t('network.title')} verdict={verdict} text={text}>
      {isAgent && leg.is !== 'up' && (
        <Button
          isDisabled={!isUp}
          onPress={() => {
            setAsked(true)
            void phone.openLegForCheck()
          }}
          data-testid="check-network"
        >
          {t('network.test')}
        </Button>
      )}
    </Step>
  )
}
