// "Call us": the page that a company puts on its site. A caller needs a microphone and nothing else.
import { FlaskConical, Languages, Mic, MicOff, Moon, Phone, PhoneOff, Sun } from 'lucide-react'
import { useEffect, useState } from 'react'
import { clockText } from '@/i18n/format'
import { useStore } from 'zustand'
import { chooseTheme, otherTheme, themeStore } from '@/lib/theme'
import { openMicrophone } from '@/phone/devices'
import { keyTone, unlockAudio } from '@/phone/ringer'
import { WebCall, type WebCallState } from './call'
import { byKey, firstLanguage, keepLanguage, TEXTS, type Texts } from './texts'

interface Line {
  number: string
  name: string
}

interface Lines {
  is_on: boolean
  centre_name: string
  is_sample: boolean
  lines: Line[]
}

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const

let remote: HTMLAudioElement | undefined
let tell: (state: WebCallState) => void = () => {}

const call = new WebCall(
  {
    openMicrophone,
    createConnection: () => new RTCPeerConnection(),
    openSocket: () => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/call`),
    playRemote: (stream) => {
      if (!remote) {
        remote = new Audio()
        remote.autoplay = true
        remote.id = 'remote-audio'
        remote.hidden = true
        document.body.append(remote)
      }
      remote.srcObject = stream
      if (stream) void remote.play().catch(() => {})
    },
    now: Date.now,
    setTimer: (run, ms) => window.setTimeout(run, ms),
    clearTimer: (id) => window.clearTimeout(id),
  },
  (state) => tell(state),
)

export function WebPhonePage() {
  const [language, setLanguage] = useState(firstLanguage)
  const nextTheme = otherTheme(useStore(themeStore))
  const [lines, setLines] = useState<Lines | 'loading' | 'failed'>('loading')
  const [state, setState] = useState<WebCallState>({ is: 'idle' })
  const [isMuted, setMuted] = useState(false)
  const texts = TEXTS[language]

  useEffect(() => {
    tell = setState
    const hangUp = () => call.hangUp()
    window.addEventListener('pagehide', hangUp)
    fetch('/api/v1/web-phone/lines')
      .then(async (response) => setLines(response.ok ? ((await response.json()) as Lines) : 'failed'))
      .catch(() => setLines('failed'))
    return () => window.removeEventListener('pagehide', hangUp)
  }, [])
  useEffect(() => keepLanguage(language), [language])
  useEffect(() => {
    document.title = typeof lines === 'object' ? `${texts.title} · ${lines.centre_name}` : texts.title
  }, [lines, texts])

  const isRunning = state.is === 'asking' || state.is === 'calling' || state.is === 'connected'
  return (
    <main className="flex min-h-full flex-col items-center justify-center gap-4 p-4">
      <div className="flex w-full max-w-88 flex-col gap-4 rounded-lg border border-line bg-surface p-6">
        <header>
          <p className="text-xs text-ink-3">{typeof lines === 'object' ? lines.centre_name : 'Centralita'}</p>
          <h1 className="text-xl">{texts.title}</h1>
          <p className="mt-1 text-ink-2">{texts.intro}</p>
        </header>
        <CallForm texts={texts} lines={lines} isRunning={isRunning} state={state} onCall={(number) => {
            unlockAudio()
            void call.call(number, language)
          }} />
        <Status texts={texts} state={state} />
        {isRunning && (
          <>
            <div role="group" aria-label={texts.keypad} className="grid grid-cols-3 gap-1.5">
              {KEYS.map((key) => (
                <button
                  key={key}
                  type="button"
                  disabled={state.is !== 'connected'}
                  onClick={() => {
                    keyTone(key)
                    call.digit(key)
                  }}
                  data-testid={`web-phone-key-${key}`}
                  className="h-11 cursor-pointer rounded-md border border-line-strong bg-surface text-lg font-medium hover:bg-hover active:bg-accent-soft disabled:cursor-not-allowed disabled:opacity-50"
                >
                  {key}
                </button>
              ))}
            </div>
            <div className="flex gap-2">
              <button
                type="button"
                aria-pressed={isMuted}
                onClick={() => {
                  call.setMuted(!isMuted)
                  setMuted(!isMuted)
                }}
                className={`flex h-11 flex-1 cursor-pointer items-center justify-center gap-2 rounded-md border font-medium ${isMuted ? 'border-warn bg-warn-soft text-warn-ink' : 'border-line-strong bg-surface hover:bg-hover'}`}
              >
                {isMuted ? <MicOff size={17} aria-hidden /> : <Mic size={17} aria-hidden />}
                {isMuted ? texts.unmute : texts.mute}
              </button>
              <button
                type="button"
                onClick={() => call.hangUp()}
                data-testid="web-phone-hang-up"
                className="flex h-11 flex-1 cursor-pointer items-center justify-center gap-2 rounded-md bg-alarm font-medium text-on-alarm hover:bg-alarm-hover"
              >
                <PhoneOff size={17} aria-hidden />
                {texts.hang_up}
              </button>
            </div>
          </>
        )}
      </div>
      {typeof lines === 'object' && lines.is_sample && (
        <p className="flex max-w-88 items-start gap-2 text-xs text-ink-2" data-testid="sample-notice">
          <FlaskConical size={14} aria-hidden className="mt-px shrink-0" />
          {texts.sample}
        </p>
      )}
      <footer className="flex gap-2">
        <button type="button" data-testid="language" onClick={() => setLanguage(language === 'es' ? 'en' : 'es')} className="flex h-7 cursor-pointer items-center gap-1.5 rounded-md px-2 text-ink-2 hover:bg-hover">
          <Languages size={14} aria-hidden />
          {texts.language}
        </button>
        <button
          type="button"
          data-testid="theme"
          onClick={() => chooseTheme(nextTheme)}
          className="flex h-7 cursor-pointer items-center gap-1.5 rounded-md px-2 text-ink-2 hover:bg-hover"
        >
          {nextTheme === 'dark' ? <Moon size={14} aria-hidden /> : <Sun size={14} aria-hidden />}
          {nextTheme === 'dark' ? texts.to_dark : texts.to_light}
        </button>
      </footer>
    </main>
  )
}

function CallForm({
  texts,
  lines,
  isRunning,
  state,
  onCall,
}: {
  texts: Texts
  lines: Lines | 'loading' | 'failed'
  isRunning: boolean
  state: WebCallState
  onCall: (number: string) => void
}) {
  const [chosen, setChosen] = useState<string | null>(null)
  if (lines === 'loading') return <p className="late text-ink-3">{texts.lines.loading}</p>
  if (lines === 'failed') {
    return (
      <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-bad-ink">
        {texts.lines.failed}
      </p>
    )
  }
  const number = chosen ?? lines.lines[0]?.number
  if (!lines.is_on || number === undefined) return <p className="rounded-md bg-ground px-3 py-2 text-ink-2">{texts.lines.off}</p>
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        onCall(number)
      }}
    >
      <label className="flex flex-col gap-1">
        <span className="text-xs font-medium text-ink-2">{texts.line}</span>
        <select
          value={number}
          onChange={(event) => setChosen(event.target.value)}
          disabled={isRunning}
          data-testid="web-phone-line"
          className="h-10 rounded-md border border-line-strong bg-surface px-2 max-sm:h-12 max-sm:text-lg disabled:bg-ground disabled:text-ink-3"
        >
          {lines.lines.map((line) => (
            <option key={line.number} value={line.number}>
              {line.name}
            </option>
          ))}
        </select>
      </label>
      {!isRunning && (
        <button
          type="submit"
          data-testid="web-phone-call"
          className="flex h-11 cursor-pointer items-center justify-center gap-2 rounded-md bg-accent font-medium text-on-accent max-sm:h-12 max-sm:text-lg hover:bg-accent-hover"
        >
          <Phone size={17} aria-hidden />
          {state.is === 'idle' ? texts.call : texts.again}
        </button>
      )}
    </form>
  )
}

function Status({ texts, state }: { texts: Texts; state: WebCallState }) {
  const isBad = state.is === 'refused' || state.is === 'no_microphone' || (state.is === 'ended' && !['hangup', 'finished'].includes(state.cause))
  return (
    <div className="flex min-h-6 items-center gap-2">
      <p role="status" data-testid="web-phone-state" data-state={state.is} className={isBad ? 'text-bad-ink' : 'text-ink-2'}>
        {statusText(texts, state)}
      </p>
      {state.is === 'connected' && <Timer sinceMs={state.sinceMs} />}
    </div>
  )
}

function statusText(texts: Texts, state: WebCallState): string {
  switch (state.is) {
    case 'idle':
    case 'asking':
    case 'calling':
    case 'connected':
      return texts.state[state.is]
    case 'ended':
      return byKey(texts.ended, state.cause) + (state.lastedMs > 0 ? ` (${clockText(state.lastedMs)})` : '')
    case 'refused':
      return byKey(texts.refused, state.reason)
    case 'no_microphone':
      return byKey(texts.microphone, state.problem)
  }
}

function Timer({ sinceMs }: { sinceMs: number }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [])
  return (
    <span role="timer" aria-live="off" className="text-lg font-semibold tabular-nums">
      {clockText(now - sinceMs)}
    </span>
  )
}
