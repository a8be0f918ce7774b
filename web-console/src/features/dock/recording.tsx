// The recording of one's call: how it stands, in words and a sign, and what may be done about it.
import { Circle, CircleAlert, CirclePause, Pause, Play } from 'lucide-react'
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { useIsUp } from '@/lib/use-live'
import type { CallView } from '@/live/protocol'
import { Badge, Countdown, IconButton } from '@/ui'
import { dockStore, send } from './actions'

export function RecordingControls({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  const isUp = useIsUp()
  const isPending = useStore(dockStore, (state) => state.pending.has('recording'))
  const { recording } = call
  if (recording.is === 'off' && !recording.may_begin) return null
  const ask = (what: 'begin' | 'pause' | 'resume') => void send({ do: 'recording', call: call.id, asked: what === 'pause' ? { what, cause: 'requested' } : { what } })
  const isDisabled = !isUp || isPending
  return (
    <div role="group" aria-label={t('recording.title')} className="flex shrink-0 items-center gap-1.5" data-testid="recording" data-recording={recording.is}>
      {recording.is === 'on' && (
        <>
          <Badge tone="bad" icon={Circle}>
            {t('recording.on')}
          </Badge>
          <IconButton icon={Pause} size="sm" label={t('recording.pause')} isDisabled={isDisabled} onPress={() => ask('pause')} data-testid="recording-pause" />
        </>
      )}
      {recording.is === 'paused' && (
        <>
          <Badge tone="warn" icon={CirclePause}>
            {t(`recording.paused.${recording.cause}`)}
          </Badge>
          <Countdown until={recording.until} className="text-xs" />
          {recording.cause !== 'secure_digits' && <IconButton icon={Play} size="sm" label={t('recording.resume')} isDisabled={isDisabled} onPress={() => ask('resume')} data-testid="recording-resume" />}
        </>
      )}
      {recording.is === 'failed' && (
        <Badge tone="bad" icon={CircleAlert}>
          {t('recording.failed')}
        </Badge>
      )}
      {(recording.is === 'off' || recording.is === 'failed') && <IconButton icon={Circle} size="sm" label={t('recording.begin')} isDisabled={isDisabled} onPress={() => ask('begin')} data-testid="recording-begin" />}
      <span className="sr-only" aria-live="polite">
        {recording.is === 'off' ? '' : recording.is === 'paused' ? t(`recording.paused.${recording.cause}`) : t(`recording.${recording.is}`)}
      </span>
    </div>
  )
}
