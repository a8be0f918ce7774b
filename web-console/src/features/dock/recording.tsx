// The recording of one's call: how it stands, in words and a sign, and what may be done about it.
import { Circle, CircleAlert, CirclePause, Pause, Play, Square } from 'lucide-react'
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { useIsUp } from '@/lib/use-live'
import type { CallView, RecordingAsked, RecordingView } from '@/live/protocol'
import { Badge, Countdown, IconButton } from '@/ui'
import { dockStore, send } from './actions'

export function RecordingControls({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  const isUp = useIsUp()
  const isPending = useStore(dockStore, (state) => state.pending.has('recording'))
  const { recording } = call
  if (recording.is === 'off' && !recording.may_begin) return null
  const ask = (asked: RecordingAsked) => void send({ do: 'recording', call: call.id, asked })
  const isDisabled = !isUp || isPending
  // The foremost cause is the one that is shown and ended; another may still hold the recording.
  const cause = recording.is === 'paused' ? recording.causes[0] : undefined
  return (
    <div role="group" aria-label={t('recording.title')} className="flex shrink-0 items-center gap-1.5" data-testid="recording" data-recording={recording.is}>
      {recording.is === 'on' && (
        <>
          <Badge tone="bad" icon={Circle}>
            {t('recording.on')}
          </Badge>
          <IconButton icon={Pause} size="sm" label={t('recording.pause')} isDisabled={isDisabled} onPress={() => ask({ what: 'pause', cause: 'requested' })} data-testid="recording-pause" />
          {recording.may_stop && <IconButton icon={Square} size="sm" label={t('recording.stop')} isDisabled={isDisabled} onPress={() => ask({ what: 'stop' })} data-testid="recording-stop" />}
        </>
      )}
      {recording.is === 'paused' && (
        <>
          <Badge tone="warn" icon={CirclePause}>
            {t(`recording.paused.${cause ?? 'ending'}`)}
          </Badge>
          <Countdown until={recording.until} className="text-xs" />
          {cause && cause !== 'secure_digits' && <IconButton icon={Play} size="sm" label={t('recording.resume')} isDisabled={isDisabled} onPress={() => ask({ what: 'resume', cause })} data-testid="recording-resume" />}
        </>
      )}
      {recording.is === 'failed' && (
        <Badge tone="bad" icon={CircleAlert}>
          {t('recording.failed')}
        </Badge>
      )}
      {(recording.is === 'off' || recording.is === 'failed') && <IconButton icon={Circle} size="sm" label={t('recording.begin')} isDisabled={isDisabled} onPress={() => ask({ what: 'begin' })} data-testid="recording-begin" />}
      <span className="sr-only" aria-live="polite">
        {spoken(recording, t)}
      </span>
    </div>
  )
}

/** What is read aloud when it changes: that it goes on when it does, not a second before. */
function spoken(recording: RecordingView, t: ReturnType<typeof useTexts<'dock'>>['t']): string {
  switch (recording.is) {
    case 'off':
      return ''
    case 'paused':
      return recording.causes[0] ? t(`recording.paused.${recording.causes[0]}`) : ''
    case 'on':
    case 'failed':
      return t(`recording.${recording.is}`)
  }
}
