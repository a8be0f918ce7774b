// The ladder of a call's signalling: a table whose rows are drawn as arrows between lanes. A row opens the message below itself.
import { Check, Copy, RotateCcw } from 'lucide-react'
import { Fragment, useState } from 'react'
import type { Signalling, SignallingMessage } from '@/api/records'
import { exactTimeText, localeOf } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { Badge, Button, cx } from '@/ui'
import { answeredOf, ladderOf, moodOf, titleOf, type Arrow, type Lane, type Mood } from './lanes'

/** A lane needs so much room; with more lanes than fit, the ladder scrolls within itself. */
const LANE_PX = 80
const TIME_PX = 60

const INKS: Record<Mood, string> = {
  request: 'text-accent-ink',
  progress: 'text-ink-2',
  success: 'text-good-ink',
  redirection: 'text-warn-ink',
  failure: 'text-bad-ink',
}

const STROKES: Record<Mood, string> = {
  request: 'text-accent',
  progress: 'text-ink-3',
  success: 'text-good',
  redirection: 'text-warn',
  failure: 'text-bad',
}

export function Ladder({ signalling }: { signalling: Signalling }) {
  const { t } = useTexts('calls')
  const [open, setOpen] = useState<number | null>(null)
  const { lanes, arrows } = ladderOf(signalling.messages)
  const columns = `${TIME_PX}px minmax(0, 1fr)`
  return (
    <div className="overflow-x-auto" data-testid="ladder">
      <div role="table" aria-label={t('signalling.title')} aria-rowcount={arrows.length + 1} style={{ minWidth: TIME_PX + lanes.length * LANE_PX }}>
        <div role="row" className="grid border-b border-line pt-2 pb-1.5" style={{ gridTemplateColumns: columns }}>
          <span role="columnheader" className="self-end text-xs text-ink-3">
            {t('signalling.time')}
          </span>
          <span role="columnheader" aria-label={t('signalling.message')} className="grid" style={{ gridTemplateColumns: `repeat(${lanes.length}, minmax(0, 1fr))` }}>
            {lanes.map((lane) => (
              <LaneHead key={lane.address} lane={lane} />
            ))}
          </span>
        </div>
        {arrows.map((arrow, at) => (
          <Fragment key={at}>
            {signalling.dropped > 0 && at === signalling.dropped_after && <Gap text={t('signalling.cut', { count: signalling.dropped })} columns={columns} lanes={lanes} />}
            {arrow.pauseMs !== null && at !== signalling.dropped_after && <Pause ms={arrow.pauseMs} columns={columns} lanes={lanes} />}
            <Row arrow={arrow} lanes={lanes} columns={columns} isFirst={at === 0} isOpen={open === at} onToggle={() => setOpen(open === at ? null : at)} />
          </Fragment>
        ))}
      </div>
    </div>
  )
}

function LaneHead({ lane }: { lane: Lane }) {
  const { t } = useTexts('calls')
  const at = lane.address.lastIndexOf(':')
  return (
    <span className="flex min-w-0 flex-col items-center justify-end px-1 text-center">
      {lane.isOurs && <span className="text-xs font-semibold text-ink">{t('signalling.ours')}</span>}
      <span className="max-w-full text-xs break-words text-ink-3 tabular-nums">
        <span className={cx(!lane.isOurs && 'text-ink-2')}>{lane.address.slice(0, at)}</span>
        <wbr />
        {lane.address.slice(at)}
      </span>
    </span>
  )
}

/** The lanes behind a row, so that they run through from head to foot. */
function Lifelines({ lanes }: { lanes: readonly Lane[] }) {
  return (
    <span aria-hidden className="pointer-events-none absolute inset-0 grid" style={{ gridTemplateColumns: `repeat(${lanes.length}, minmax(0, 1fr))` }}>
      {lanes.map((lane) => (
        <span key={lane.address} className={cx('mx-auto h-full', lane.isOurs ? 'w-0.5 bg-line-strong' : 'w-px bg-line-strong/70')} />
      ))}
    </span>
  )
}

function Row({ arrow, lanes, columns, isFirst, isOpen, onToggle }: { arrow: Arrow; lanes: readonly Lane[]; columns: string; isFirst: boolean; isOpen: boolean; onToggle: () => void }) {
  const { t, i18n } = useTexts('calls')
  const { message } = arrow
  const offset = offsetText(message.offset_us, i18n.language)
  const answered = answeredOf(message)
  const name = (lane: Lane | undefined) => (lane?.isOurs ? t('signalling.ours') : (lane?.address ?? ''))
  const label = t(message.is_retransmission ? 'signalling.row_again' : 'signalling.row', { title: titleOf(message), from: name(lanes[arrow.from]), to: name(lanes[arrow.to]), offset })
  return (
    <div role="row" className={cx(isOpen && 'bg-accent-soft/40')}>
      {/* The whole row is the target; the cells are within, so that a reader meets time and message as cells. */}
      <div className="group grid hover:bg-hover" style={{ gridTemplateColumns: columns }}>
        <span role="cell" className="flex items-center text-xs text-ink-3 tabular-nums">
          <time dateTime={message.at} title={exactTimeText(message.at, i18n.language)}>
            {isFirst ? exactTimeText(message.at, i18n.language) : offset}
          </time>
        </span>
        <span role="cell" className="relative">
          <Lifelines lanes={lanes} />
          <button
            type="button"
            aria-expanded={isOpen}
            aria-label={label}
            onClick={onToggle}
            data-testid="ladder-message"
            className="relative block h-10 w-full cursor-pointer -outline-offset-2"
          >
            <ArrowLine arrow={arrow} lanes={lanes.length}>
              <span className={cx('truncate font-medium', INKS[moodOf(message)])}>{titleOf(message)}</span>
              {answered && <span className="hidden truncate text-xs text-ink-3 sm:inline">{answered}</span>}
              {message.content_type === 'application/sdp' && <span className="hidden rounded-sm bg-chip px-1 text-xs text-ink-2 sm:inline">SDP</span>}
              {message.is_retransmission && (
                <span className="inline-flex shrink-0 items-center gap-1 text-xs text-warn-ink">
                  <RotateCcw size={12} />
                  <span className="hidden lg:inline">{t('signalling.again')}</span>
                </span>
              )}
            </ArrowLine>
          </button>
        </span>
      </div>
      {isOpen && <Opened message={message} />}
    </div>
  )
}

function ArrowLine({ arrow, lanes, children }: { arrow: Arrow; lanes: number; children: React.ReactNode }) {
  const left = Math.min(arrow.from, arrow.to)
  const span = Math.abs(arrow.from - arrow.to)
  const isRight = arrow.to > arrow.from
  const stroke = STROKES[moodOf(arrow.message)]
  const head = 'absolute -bottom-[4px] size-0 border-y-[4.5px] border-y-transparent'
  return (
    <span aria-hidden className="absolute inset-y-0" style={{ left: `${((left + 0.5) * 100) / lanes}%`, width: `${(span * 100) / lanes}%` }}>
      <span className="absolute inset-x-1 bottom-[13px] flex justify-center">
        {/* Over the lanes between, where there are any. */}
        <span className={cx('flex max-w-full min-w-0 items-center gap-1 px-1', span > 1 && 'rounded-sm bg-surface group-hover:bg-hover')}>{children}</span>
      </span>
      <span className={cx('absolute inset-x-[3px] bottom-[9px]', stroke)}>
        <span className={cx('absolute inset-x-0 bottom-0 border-t-[1.5px] border-current', arrow.message.is_retransmission && 'border-dashed')} />
        <span className={cx(head, isRight ? 'right-0 border-l-[8px] border-l-current' : 'left-0 border-r-[8px] border-r-current')} />
      </span>
    </span>
  )
}

function Pause({ ms, columns, lanes }: { ms: number; columns: string; lanes: readonly Lane[] }) {
  const { t, i18n } = useTexts('calls')
  const seconds = new Intl.NumberFormat(localeOf(i18n.language), { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(ms / 1_000)
  return <Gap text={t('signalling.pause', { seconds })} columns={columns} lanes={lanes} />
}

/** Nothing passed here, or nothing is kept. */
function Gap({ text, columns, lanes }: { text: string; columns: string; lanes: readonly Lane[] }) {
  return (
    <div role="row" className="grid" style={{ gridTemplateColumns: columns }}>
      <span role="cell" />
      <span role="cell" className="relative flex h-8 items-center justify-center">
        <Lifelines lanes={lanes} />
        <span className="relative rounded-sm bg-sunken px-2 text-xs text-ink-2 tabular-nums">{text}</span>
      </span>
    </div>
  )
}

/** The message as it passed. */
function Opened({ message }: { message: SignallingMessage }) {
  const { t } = useTexts('calls')
  const [isCopied, setCopied] = useState(false)
  const [head = '', ...body] = message.text.replaceAll('\r\n', '\n').split('\n\n')
  const copy = async () => {
    await navigator.clipboard.writeText(message.text)
    setCopied(true)
  }
  return (
    <div role="cell" className="mb-2 rounded-md border border-line bg-ground" data-testid="ladder-text">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-1.5 text-xs text-ink-2">
        <span className="tabular-nums">
          {message.source} → {message.destination}
        </span>
        <span>{message.transport}</span>
        {message.is_retransmission && (
          <Badge tone="warn" icon={RotateCcw}>
            {t('signalling.again')}
          </Badge>
        )}
        <span className="ml-auto">
          <Button size="sm" tone="plain" icon={isCopied ? Check : Copy} onPress={() => void copy()}>
            {t(isCopied ? 'signalling.copied' : 'signalling.copy')}
          </Button>
        </span>
      </div>
      {/* Lines are broken rather than scrolled, so that no part of a message is out of sight. */}
      <pre className="px-3 py-2 font-mono text-xs break-all whitespace-pre-wrap">
        <Head text={head} />
        {body.length > 0 && `\n\n${body.join('\n\n').trimEnd()}`}
      </pre>
    </div>
  )
}

/** Header lines with their names set apart. */
function Head({ text }: { text: string }) {
  return text.split('\n').map((line, at) => {
    const colon = at === 0 || /^\s/.test(line) ? -1 : line.indexOf(':')
    return (
      <Fragment key={at}>
        {at > 0 && '\n'}
        {colon > 0 ? (
          <>
            <span className="text-ink-3">{line.slice(0, colon + 1)}</span>
            {line.slice(colon + 1)}
          </>
        ) : (
          <span className={cx(at === 0 && 'font-semibold')}>{line}</span>
        )}
      </Fragment>
    )
  })
}

/** `+1.234`, in seconds. */
function offsetText(us: number, language: string): string {
  const format = new Intl.NumberFormat(localeOf(language), { minimumFractionDigits: 3, maximumFractionDigits: 3 })
  return `+${format.format(us / 1_000_000)}`
}
