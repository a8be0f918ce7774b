// Outside systems that get the audio of one's call, and the pause of a call that is not recorded.
import { Pause, Play, RadioTower } from 'lucide-react'
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { useIsUp } from '@/lib/use-live'
import type { CallView } from '@/live/protocol'
import { Badge, IconButton } from '@/ui'
import { dockStore, send } from './actions'

const TONES = { opening: 'warn', on: 'accent', paused: 'warn', failed: 'bad' } as const

export function ForkControls({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  const isUp = useIsUp()
  const isPending = useStore(dockStore, (state) => state.pending.has('recording'))
  const forks = call.forks ?? []
  if (forks.length === 0) return null
  const ask = (what: 'pause' | 'resume') => void send({ do: 'recording', call: call.id, asked: what === 'pause' ? { what, cause: 'requested' } : { what } })
  // Where there is a recording, its own button pauses both.
  const isOwn = call.recording.is === 'off' || call.recording.is === 'failed'
  const isPaused = forks.some((fork) => fork.state === 'paused')
  const text = (fork: (typeof forks)[number]) => t(`forks.${fork.state}`, { name: fork.name })
  return (
    <div role="group" aria-label={t('forks.title')} className="flex shrink-0 items-center gap-1.5" data-testid="forks">
      {forks.map((fork) => (
        <Badge key={fork.to} tone={TONES[fork.state]} icon={RadioTower}>
          {text(fork)}
        </Badge>
      ))}
      {isOwn && forks.some((fork) => fork.state !== 'failed') && <IconButton icon={isPaused ? Play : Pause} size="sm" label={t(isPaused ? 'forks.resume' : 'forks.pause')} isDisabled={!isUp || isPending} onPress={() => ask(isPaused ? 'resume' : 'pause')} data-testid="forks-pause" />}
      <span className="sr-only" aria-live="polite">
        {forks.map(text).join(', ')}
      </span>
    </div>
  )
}
