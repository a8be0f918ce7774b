// What is to be done with a call: script, notes, disposition, ticket. Usable from the ring on; the time after the call runs below.
import { useQuery } from '@tanstack/react-query'
import { BookOpenText, ChevronDown, PhoneOff } from 'lucide-react'
import { useState, type KeyboardEvent } from 'react'
import { useStore } from 'zustand'
import { inLanguage, queuesQuery } from '@/api/queries'
import type { Queue } from '@/api/types'
import { AgreeCallback } from '@/features/callbacks/agree-callback'
import { useTexts } from '@/i18n/use-texts'
import { CallAgainButton } from '@/lib/call-again-button'
import { endToTell } from '@/lib/call-end'
import { readSetting, writeSetting } from '@/lib/storage'
import { useCommand } from '@/lib/use-command'
import { useFloor, useIsUp } from '@/lib/use-live'
import { useNames } from '@/lib/use-names'
import { usePartyName } from '@/lib/use-party-name'
import { useWrapUpLeft } from '@/lib/use-wrap-up'
import { notes } from '@/live/console'
import type { CallView } from '@/live/protocol'
import { NOTES_CHARS_MAX, type Draft } from '@/live/stores/notes'
import { Button, Checkbox, Countdown, cx, Elapsed, Section, TextArea } from '@/ui'
import { chosenDispositions } from './chosen'
import { DispositionPicker, useLeaves } from './disposition-picker'
import { countUse } from './favourites'
import { SecretNote } from './secret-note'
import { TicketPart } from './ticket-part'

export function WrapUpPanel({ call }: { call: CallView }) {
  const { t } = useTexts('wrapup')
  const { data: queues } = useQuery(queuesQuery)
  const queue = queues?.find((one) => one.id === call.queue)
  const { leaves, quick, isPending } = useLeaves(queue)
  const chosen = useStore(chosenDispositions, (map) => map.get(call.id) ?? null)
  const draft = useStore(notes.store, (drafts) => drafts.get(call.id))
  const { run } = useCommand()
  const isUp = useIsUp()
  const name = usePartyName(call)
  const names = useNames()
  const leaf = leaves.find((one) => one.id === chosen)

  const choose = async (disposition: string) => {
    if (await run({ do: 'dispose', call: call.id, disposition })) {
      countUse(call.queue ?? '', disposition)
      chosenDispositions.setState(new Map(chosenDispositions.getState()).set(call.id, disposition), true)
    }
  }
  // Digits choose while the panel has the focus, but never from inside a field.
  const onDigit = (event: KeyboardEvent<HTMLElement>) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !isUp) return
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return
    const picked = /^[1-9]$/.test(event.key) ? quick[Number(event.key) - 1] : undefined
    if (picked) void choose(picked.id)
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- the keys repeat what the buttons inside do
    <div className="flex h-full min-h-0 flex-col" onKeyDown={onDigit}>
      <EndReason call={call} />
      <div className="flex min-h-0 flex-1 flex-col gap-1 overflow-auto px-3 pb-3">
        {queue && call.state.is !== 'wrapping_up' && <Script queue={queue} segment={call.party.segment} language={call.language} />}
        <Section title={t('notes.title')} aside={<SaveNote draft={draft} />}>
          <NotesField call={call} />
        </Section>
        {queue?.has_secret_note && (call.state.is === 'talking' || call.state.is === 'held') && <SecretNote key={call.id} call={call} />}
        <Section title={t('disposition.title')} aside={leaf && <span className="truncate text-xs text-ink-2">{[...leaf.path, leaf.name].join(' / ')}</span>}>
          <DispositionPicker leaves={leaves} quick={quick} isPending={isPending} chosen={chosen} onChoose={(id) => void choose(id)} isDisabled={!isUp} />
        </Section>
        <Section title={t('ticket.title')}>
          <TicketPart call={call} queue={queue} disposition={chosen} subject={leaf?.name ?? (call.reason ? names.reason(call.reason) : t('ticket.default_subject', { name }))} notes={draft?.text ?? ''} />
        </Section>
        <AgreeCallback key={call.id} call={call} />
      </div>
      <Footer call={call} isDisposed={chosen !== null} />
    </div>
  )
}

/** Why there was no talk, or why it broke off, and another try. */
function EndReason({ call }: { call: CallView }) {
  const { t } = useTexts('wrapup')
  const cause = endToTell(call)
  if (!cause) return null
  return (
    <div className="flex shrink-0 items-center gap-2 border-b border-line bg-bad-soft px-3 py-2 text-bad-ink" data-testid="end-reason" data-cause={cause}>
      <PhoneOff size={16} aria-hidden className="shrink-0" />
      <p className="min-w-0 flex-1">{t(`common:end_cause.${cause}`)}</p>
      <CallAgainButton call={call} testId="call-again" />
    </div>
  )
}

function SaveNote({ draft }: { draft: Draft | undefined }) {
  const { t } = useTexts('wrapup')
  if (!draft || draft.text === '') return null
  return (
    <span role="status" className={cx('text-xs', draft.save === 'unsaved' ? 'text-warn-ink' : 'text-ink-3')} data-testid="notes-state">
      {t(`notes.${draft.save}`)}
    </span>
  )
}

function NotesField({ call }: { call: CallView }) {
  const { t } = useTexts('wrapup')
  const text = useStore(notes.store, (drafts) => drafts.get(call.id)?.text ?? '')
  return (
    <TextArea
      id="call-notes"
      label={t('notes.label')}
      isLabelHidden
      placeholder={t('notes.placeholder')}
      rows={3}
      maxLength={NOTES_CHARS_MAX}
      value={text}
      onChange={(typed) => notes.type(call.id, typed)}
      data-testid="call-notes"
    />
  )
}

function Script({ queue, segment, language }: { queue: Queue; segment: string | null | undefined; language: string }) {
  const { t } = useTexts('wrapup')
  const ofSegment = segment == null ? undefined : queue.segments?.[segment]?.script
  const text = inLanguage(ofSegment && Object.keys(ofSegment).length > 0 ? ofSegment : queue.script, language)
  const [isOpen, setOpen] = useState(() => readSetting('script') !== 'closed')
  if (text === '') return null
  return (
    <details
      open={isOpen}
      onToggle={(event) => {
        setOpen(event.currentTarget.open)
        writeSetting('script', event.currentTarget.open ? null : 'closed')
      }}
      className="group border-b border-line py-1"
    >
      <summary className="flex h-8 cursor-pointer list-none items-center gap-2 text-xs font-semibold text-ink-2">
        <BookOpenText size={14} aria-hidden />
        <span className="flex-1">{t('script')}</span>
        <ChevronDown size={14} aria-hidden className="group-open:rotate-180" />
      </summary>
      {/* The script follows the customer's language, not the agent's. */}
      <p lang={language} className="max-h-23 overflow-auto pb-1 whitespace-pre-wrap">
        {text}
      </p>
    </details>
  )
}

function Footer({ call, isDisposed }: { call: CallView; isDisposed: boolean }) {
  const { t } = useTexts('wrapup')
  const { run, isPending } = useCommand()
  const isUp = useIsUp()
  const [saved, setSaved] = useState(true)
  const state = call.state
  const isWrapping = state.is === 'wrapping_up'
  const until = isWrapping ? (state.until ?? null) : null
  const mustDispose = isWrapping && state.needs_disposition && !isDisposed
  // Also of a call that was handed over, whose view is somebody else's.
  const may = useFloor((floor) => (isWrapping && floor.agent?.call === call.id ? floor.agent.wrap_up : undefined))
  const mayEnd = may?.may_end_early !== false
  const extendSecs = may && may.extensions_left > 0 ? may.extension_secs : 0
  const { leftMs, isEnding } = useWrapUpLeft(call)

  const finish = async () => {
    // What was typed last goes first: the wrap-up's end closes the notes.
    const isSaved = await notes.flush(call.id)
    setSaved(isSaved)
    if (isSaved) await run({ do: 'wrap_up_done', call: call.id })
  }
  return (
    <footer className={cx('shrink-0 border-t px-3 py-2', isEnding ? 'border-warn bg-warn-soft text-warn-ink' : 'border-line bg-surface')} data-testid="wrap-up" data-state={state.is}>
      {isWrapping ? (
        <div className="flex items-center gap-2">
          <div className="min-w-0 flex-1 leading-tight">
            <p role="status" className="text-xs">{isEnding ? t(leftMs !== null && leftMs < 0 ? 'footer.overdue' : 'footer.soon') : t('footer.wrap_up')}</p>
            <p className="text-lg font-semibold">{until === null ? <Elapsed since={call.since} /> : <Countdown until={until} />}</p>
          </div>
          {until !== null && extendSecs > 0 && (
            <Button size="md" isDisabled={!isUp || isPending} onPress={() => void run({ do: 'wrap_up_extend', call: call.id })} data-testid="wrap-up-extend">
              {t('footer.extend', { secs: extendSecs })}
            </Button>
          )}
          <Button tone="accent" isDisabled={!isUp || isPending || mustDispose || !mayEnd} onPress={() => void finish()} data-testid="wrap-up-done">
            {t('footer.done')}
          </Button>
        </div>
      ) : (
        <Later call={call} />
      )}
      {mustDispose && <p className="pt-1 text-xs">{t('footer.must_dispose')}</p>}
      {!mayEnd && <p className="pt-1 text-xs">{t('footer.forced')}</p>}
      {!saved && <p className="pt-1 text-xs">{t('footer.not_saved')}</p>}
    </footer>
  )
}

/** Before the wrap-up: that it comes, or whether it is to come. */
function Later({ call }: { call: CallView }) {
  const { t } = useTexts('wrapup')
  const { run, isPending } = useCommand()
  const isUp = useIsUp()
  const isWanted = useFloor((floor) => floor.agent?.wants_wrap_up === true)
  const isOwn = useFloor((floor) => floor.agent?.presence.state === 'busy' && floor.agent.call === call.id)
  const { data: queues } = useQuery(queuesQuery)
  const mode = queues?.find((one) => one.id === call.queue)?.wrap_up.mode
  if (mode === 'optional' && isOwn)
    return (
      <Checkbox isSelected={isWanted} isDisabled={!isUp || isPending} onChange={(isOn) => void run({ do: 'want_wrap_up', call: call.id, is_wanted: isOn })} data-testid="want-wrap-up">
        {t('footer.want')}
      </Checkbox>
    )
  return <p className="py-1 text-ink-3">{t(mode === 'none' ? 'footer.none' : mode === 'optional' ? 'footer.optional' : 'footer.later')}</p>
}
