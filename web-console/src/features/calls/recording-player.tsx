// A recording to be heard: two channels as a picture, what lies along them, and the keys of any player. What the customer says is drawn
// upwards, what the customer hears downwards.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Pause, Play, RotateCcw, RotateCw } from 'lucide-react'
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { api } from '@/api/client'
import type { RecordingEntry, RecordingOutline } from '@/api/records'
import { clockText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { useNames } from '@/lib/use-names'
import { IconButton, Select, SkeletonLines } from '@/ui'

const BUCKETS = 600
const STEP_MS = 5_000
const PAGE_MS = 30_000
const SPEEDS = ['0.75', '1', '1.25', '1.5', '2'] as const
const LOUDEST = 32_767
/** Half of the picture's height. */
const HALF = 40

export function RecordingPlayer({ entry }: { entry: RecordingEntry }) {
  const { t } = useTexts('calls')
  const query = useQuery({
    queryKey: ['recordings', entry.id, 'outline', entry.length_ms],
    queryFn: ({ signal }) => api.get<RecordingOutline>(`/recordings/${entry.id}/outline?buckets=${BUCKETS}`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
    // One that is still being written grows under the player, which goes on.
    placeholderData: keepPreviousData,
  })
  if (query.isError) return <LoadProblem problem={query.error} onRetry={() => void query.refetch()} />
  if (!query.data) return <SkeletonLines count={3} label={t('common:loading')} />
  return <Player id={entry.id} outline={query.data} />
}

function Player({ id, outline }: { id: string; outline: RecordingOutline }) {
  const { t } = useTexts('calls')
  const names = useNames()
  const audio = useRef<HTMLAudioElement>(null)
  const [atMs, setAt] = useState(0)
  const [isPlaying, setPlaying] = useState(false)
  const [speed, setSpeed] = useState<string>('1')
  const [isBroken, setBroken] = useState(false)
  const length = Math.max(1, outline.length_ms)
  // The sound that is loaded ends there: so much of a recording never changes.
  const [untilMs, setUntil] = useState(outline.length_ms)
  const goOn = useRef<{ atMs: number; isPlaying: boolean } | null>(null)
  const isAtEnd = useRef(false)
  /** Loads what has come since, and goes on from there. */
  const loadMore = (atMs: number, isPlaying: boolean) => {
    goOn.current = { atMs, isPlaying }
    setUntil(outline.length_ms)
  }
  const seek = (ms: number) => {
    const place = Math.min(Math.max(0, ms), length)
    setAt(place)
    isAtEnd.current = false
    if (place > untilMs) loadMore(place, isPlaying)
    else if (audio.current) audio.current.currentTime = place / 1_000
  }
  const loaded = (player: HTMLAudioElement) => {
    player.playbackRate = Number(speed)
    if (!goOn.current) return
    const { atMs, isPlaying } = goOn.current
    goOn.current = null
    player.currentTime = atMs / 1_000
    if (isPlaying) void player.play().catch(() => setBroken(true))
  }
  useEffect(() => {
    if (!isAtEnd.current || outline.length_ms <= untilMs) return
    isAtEnd.current = false
    goOn.current = { atMs: untilMs, isPlaying: true }
    setUntil(outline.length_ms)
  }, [outline.length_ms, untilMs])
  const toggle = () => {
    const player = audio.current
    if (!player) return
    if (player.paused) void player.play().catch(() => setBroken(true))
    else player.pause()
  }
  const marks = [
    ...outline.marks.map((mark) => ({
      at_ms: mark.at_ms,
      text: mark.gap_ms ? t('recordings.mark.part_after', { gap: clockText(mark.gap_ms) }) : t(`recordings.mark.${mark.kind as 'held'}`, { agent: mark.agent ? names.agent(mark.agent) : '' }),
    })),
    ...outline.gaps.map((gap) => ({ at_ms: gap.from_ms, text: `${t('recordings.mark.gap')} (${clockText(gap.to_ms - gap.from_ms)})` })),
    ...outline.pauses.map((pause) => ({ at_ms: pause.from_ms, text: `${t('recordings.mark.pause')} (${clockText(pause.to_ms - pause.from_ms)})` })),
  ].sort((one, other) => one.at_ms - other.at_ms)
  return (
    <div className="flex flex-col gap-2" data-testid="recording-player">
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- a telephone call has no captions */}
      <audio
        ref={audio}
        src={`/api/v1/recordings/${id}/audio?until_ms=${untilMs}`}
        preload="metadata"
        onLoadedMetadata={(event) => loaded(event.currentTarget)}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => {
          setPlaying(false)
          if (length > untilMs) loadMore(untilMs, true)
          else isAtEnd.current = true
        }}
        onError={() => setBroken(true)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime * 1_000)}
      />
      {isBroken && (
        <p role="alert" className="text-bad-ink">
          {t('recordings.unplayable')}
        </p>
      )}
      <Picture outline={outline} length={length} atMs={atMs} marks={marks.map((mark) => mark.at_ms)} onSeek={seek} onToggle={toggle} />
      <div className="flex flex-wrap items-center gap-2">
        <IconButton icon={isPlaying ? Pause : Play} label={t(isPlaying ? 'recordings.pause' : 'recordings.play')} onPress={toggle} data-testid="recording-play" />
        <IconButton icon={RotateCcw} size="sm" label={t('recordings.back')} onPress={() => seek(atMs - STEP_MS)} />
        <IconButton icon={RotateCw} size="sm" label={t('recordings.forward')} onPress={() => seek(atMs + STEP_MS)} />
        <span className="tabular-nums" data-testid="recording-time">
          {clockText(atMs)} / {clockText(outline.length_ms)}
        </span>
        <Select
          label={t('recordings.speed')}
          isLabelHidden
          choices={SPEEDS.map((one) => ({ id: one, label: `${one}×` }))}
          value={speed}
          onChange={(one) => {
            setSpeed(one)
            if (audio.current) audio.current.playbackRate = Number(one)
          }}
          className="w-24"
        />
        <span className="text-xs text-ink-3">
          ▲ {t('recordings.said')} · ▼ {t('recordings.heard')}
        </span>
      </div>
      {marks.length > 0 && (
        <ol aria-label={t('recordings.marks')} className="flex flex-col" data-testid="recording-marks">
          {marks.map((mark, index) => (
            <li key={`${mark.at_ms}-${index}`}>
              <button type="button" onClick={() => seek(mark.at_ms)} className="flex gap-3 rounded px-1 py-0.5 text-left hover:bg-hover">
                <span className="w-14 shrink-0 text-accent-ink tabular-nums">{clockText(mark.at_ms)}</span>
                <span>{mark.text}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}

/** The waveform, which is the slider too. */
function Picture({ outline, length, atMs, marks, onSeek, onToggle }: { outline: RecordingOutline; length: number; atMs: number; marks: readonly number[]; onSeek: (ms: number) => void; onToggle: () => void }) {
  const { t } = useTexts('calls')
  const width = Math.max(1, outline.said.length)
  const x = (ms: number) => (ms / length) * width
  const keys = (event: KeyboardEvent) => {
    const places: Record<string, number> = { ArrowLeft: atMs - STEP_MS, ArrowRight: atMs + STEP_MS, ArrowDown: atMs - STEP_MS, ArrowUp: atMs + STEP_MS, PageDown: atMs - PAGE_MS, PageUp: atMs + PAGE_MS, Home: 0, End: length }
    const place = places[event.key]
    if (place !== undefined) onSeek(place)
    else if (event.key === ' ' || event.key === 'Enter') onToggle()
    else return
    event.preventDefault()
  }
  const point = (event: PointerEvent<HTMLDivElement>) => {
    if (event.type === 'pointermove' && event.buttons !== 1) return
    const box = event.currentTarget.getBoundingClientRect()
    onSeek(((event.clientX - box.left) / Math.max(1, box.width)) * length)
  }
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={t('recordings.position')}
      aria-valuemin={0}
      aria-valuemax={Math.round(length / 1_000)}
      aria-valuenow={Math.round(atMs / 1_000)}
      aria-valuetext={`${clockText(atMs)} / ${clockText(length)}`}
      onKeyDown={keys}
      onPointerDown={point}
      onPointerMove={point}
      className="cursor-pointer touch-none rounded-md border border-line bg-ground"
      data-testid="recording-wave"
    >
      <svg viewBox={`0 0 ${width} ${2 * HALF}`} preserveAspectRatio="none" className="block h-24 w-full" aria-hidden>
        {outline.pauses.map((pause) => (
          <rect key={pause.from_ms} x={x(pause.from_ms)} width={Math.max(1, x(pause.to_ms - pause.from_ms))} y={0} height={2 * HALF} className="fill-warn-soft" />
        ))}
        {outline.gaps.map((gap) => (
          <rect key={gap.from_ms} x={x(gap.from_ms)} width={Math.max(1, x(gap.to_ms - gap.from_ms))} y={0} height={2 * HALF} className="fill-bad-soft" />
        ))}
        <path d={shape(outline.said, -1)} className="fill-accent" />
        <path d={shape(outline.heard, 1)} className="fill-ink-3" />
        {marks.map((ms) => (
          <line key={ms} x1={x(ms)} x2={x(ms)} y1={0} y2={2 * HALF} className="stroke-line-strong" strokeDasharray="3 3" vectorEffect="non-scaling-stroke" />
        ))}
        <line x1={x(atMs)} x2={x(atMs)} y1={0} y2={2 * HALF} className="stroke-ink" strokeWidth={2} vectorEffect="non-scaling-stroke" />
      </svg>
    </div>
  )
}

/** Half of the picture as one path: quiet talk is drawn larger than it is, as ears hear it. */
function shape(peaks: readonly number[], direction: 1 | -1): string {
  const columns = peaks.map((peak, index) => {
    const height = Math.max(0.5, Math.sqrt(peak / LOUDEST) * HALF)
    return `M${index} ${HALF}h1v${(direction * height).toFixed(1)}h-1z`
  })
  return columns.join('')
}
