// The line below everything: connection, audio, what centre this is. It always has its height, so a trouble that it tells
// moves nothing; a trouble fills it with colour and is read aloud.
import { Link } from '@tanstack/react-router'
import { CircleAlert, FlaskConical, RefreshCw, Volume2, Wifi, WifiOff } from 'lucide-react'
import { useTexts } from '@/i18n/use-texts'
import { useQuery } from '@tanstack/react-query'
import { useStore } from 'zustand'
import { sessionQuery } from '@/api/session'
import { spanText } from '@/i18n/format'
import { useFloor, useNow } from '@/lib/use-live'
import { phone, phoneStore } from '@/phone/softphone'
import { Button, cx } from '@/ui'

type Trouble = { tone: 'warn' | 'bad'; text: string; action?: 'check' | 'use_here' }

export function StatusBar() {
  const { t } = useTexts('app')
  const trouble = useTrouble()
  const { data: session } = useQuery(sessionQuery)
  const isSample = session?.is_sample === true
  const centre = session?.centre_name ?? ''
  const connection = useFloor((floor) => floor.connection.is)
  const tone = trouble?.tone === 'bad' ? 'bg-alarm text-on-alarm' : trouble?.tone === 'warn' ? 'bg-warn-soft text-warn-ink border-t border-warn' : 'bg-sunken text-ink-2 border-t border-line'
  const Icon = trouble ? (connection === 'offline' ? WifiOff : CircleAlert) : Wifi
  return (
    <footer aria-label={t('status.label')} className={cx('flex h-7 items-center gap-4 overflow-hidden px-3 text-xs whitespace-nowrap', tone)}>
      <p role="status" aria-live={trouble?.tone === 'bad' ? 'assertive' : 'polite'} className="flex min-w-0 items-center gap-1.5" data-testid="connection">
        <Icon size={14} aria-hidden className="shrink-0" />
        <span className="truncate font-medium">{trouble?.text ?? t(connection === 'up' ? 'status.up' : 'status.connecting')}</span>
      </p>
      {trouble?.action === 'check' && (
        <Link to="/check" className="font-medium underline">
          {t('status.audio_fix')}
        </Link>
      )}
      {trouble?.action === 'use_here' && (
        <button type="button" onClick={() => phone.takeOver()} className="cursor-pointer font-medium underline">
          {t('status.use_here')}
        </button>
      )}
      <AudioNote />
      <UpdateNote />
      <p className="ml-auto flex min-w-0 items-center gap-1.5">
        {isSample && <FlaskConical size={14} aria-hidden className="shrink-0" />}
        <span className="truncate" data-testid={isSample ? 'sample-notice' : undefined}>
          {isSample ? t('status.sample') : centre}
        </span>
      </p>
    </footer>
  )
}

function useTrouble(): Trouble | null {
  const { t } = useTexts('app')
  const connection = useFloor((floor) => floor.connection)
  const hasFloor = useFloor((floor) => floor.hasFloor)
  const hasCall = useFloor((floor) => floor.calls.some((call) => call.state.is !== 'wrapping_up'))
  const isAgent = useFloor((floor) => floor.agent !== null)
  const { leg, leadership, isReplaced } = useStore(phoneStore)
  const now = useNow()
  if (connection.is === 'offline') return { tone: 'bad', text: t('status.offline') }
  if (connection.is === 'reconnecting') {
    if (hasCall) return { tone: 'warn', text: t('status.reconnecting_call') }
    // The first seconds of a page are no news.
    const down = now - connection.sinceMs
    return hasFloor || down > 3_000 ? { tone: 'warn', text: t('status.reconnecting', { time: spanText(Math.max(0, down)) }) } : null
  }
  if (isReplaced) return { tone: 'warn', text: t('status.replaced'), action: 'use_here' }
  if (leadership === 'waiting') return { tone: 'warn', text: t('status.other_tab'), action: 'use_here' }
  if (!isAgent) return null
  if (leg.is === 'blocked') return { tone: 'bad', text: t('status.audio_blocked'), action: 'check' }
  if (leg.is === 'lost' && hasCall) return { tone: 'bad', text: t('status.audio_lost') }
  return null
}

function AudioNote() {
  const { t } = useTexts('app')
  const { leg, quality } = useStore(phoneStore)
  if (leg.is === 'off' || leg.is === 'blocked') return null
  const text = quality ? t(`status.quality.${quality.grade}`, { loss: quality.lossPercent }) : t(`status.audio.${leg.is === 'up' ? 'up' : leg.is === 'lost' ? 'lost' : 'connecting'}`)
  return (
    <p className={cx('flex items-center gap-1.5', quality?.grade === 'poor' && 'text-bad-ink', quality?.grade === 'fair' && 'text-warn-ink')} data-testid="audio-state">
      <Volume2 size={14} aria-hidden />
      {text}
    </p>
  )
}

function UpdateNote() {
  const { t } = useTexts('app')
  const build = useFloor((floor) => floor.build)
  const isIdle = useFloor((floor) => floor.calls.length === 0)
  const pageBuild = useFloor((floor) => floor.pageBuild)
  if (build === null || build === pageBuild) return null
  return (
    <div className="flex items-center gap-1.5">
      <RefreshCw size={14} aria-hidden />
      {t('status.update')}
      {isIdle ? (
        <Button size="sm" tone="plain" className="h-6" onPress={() => location.reload()}>
          {t('status.update_now')}
        </Button>
      ) : (
        <span>{t('status.update_later')}</span>
      )}
    </div>
  )
}
