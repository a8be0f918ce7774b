// Who has answered a call that one makes: a person, a machine, a fax; and the message that is left on a machine, after which one is free.
import { useQuery } from '@tanstack/react-query'
import { Ear, MessageSquareShare } from 'lucide-react'
import { useState } from 'react'
import { useStore } from 'zustand'
import { inLanguage, promptsQuery } from '@/api/queries'
import { useTexts } from '@/i18n/use-texts'
import { ANSWER_LOOKS } from '@/lib/answer-looks'
import { useIsUp, useNow } from '@/lib/use-live'
import type { CallView } from '@/live/protocol'
import { Badge, Button, IconButton, PopoverPanel } from '@/ui'
import { dockStore, send } from './actions'

export function AnsweredBy({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  const { answer, is_listening: isListening, has_beeped: hasBeeped, messages } = call.answered_by
  const look = answer ? ANSWER_LOOKS[answer] : undefined
  const text = hasBeeped ? t('answered_by.beeped') : answer ? t(`answered_by.${answer}`) : isListening ? t('answered_by.listening') : ''
  if (text === '' && messages.length === 0) return null
  return (
    <div role="group" aria-label={t('answered_by.title')} className="flex shrink-0 items-center gap-1.5" data-testid="answered-by" data-answer={answer ?? ''} data-beeped={hasBeeped}>
      {text !== '' && (
        <Badge tone={look?.tone ?? 'neutral'} icon={look?.icon ?? Ear}>
          {text}
        </Badge>
      )}
      {messages.length > 0 && <LeaveMessage call={call} messages={messages} />}
      <span className="sr-only" aria-live="assertive">
        {answer ? text : ''}
      </span>
    </div>
  )
}

/** The messages that may be left, behind a button: none goes out by a slip. */
function LeaveMessage({ call, messages }: { call: CallView; messages: readonly string[] }) {
  const { t, i18n } = useTexts('dock')
  const isUp = useIsUp()
  const isPending = useStore(dockStore, (state) => state.pending.has('leave_message'))
  const [isOpen, setOpen] = useState(false)
  const { data: prompts = [] } = useQuery(promptsQuery)
  const textOf = (id: string) => {
    const prompt = prompts.find((one) => one.id === id)
    return (prompt && inLanguage(prompt.texts, i18n.language)) || id
  }
  return (
    <PopoverPanel
      label={t('answered_by.leave')}
      placement="bottom end"
      isOpen={isOpen}
      onOpenChange={setOpen}
      trigger={<IconButton icon={MessageSquareShare} size="sm" label={t('answered_by.leave')} isDisabled={!isUp || isPending} data-testid="leave-message" />}
      className="w-96"
    >
      <div className="flex flex-col gap-2">
        <WhenSaid until={call.answered_by.beep_until ?? null} />
        {messages.map((prompt) => (
          <Button key={prompt} tone="quiet" isDisabled={!isUp || isPending} onPress={() => void send({ do: 'leave_message', call: call.id, prompt }).then((isDone) => isDone && setOpen(false))} data-testid={`leave-message-${prompt}`}>
            <span className="text-left whitespace-normal">{textOf(prompt)}</span>
          </Button>
        ))}
      </div>
    </PopoverPanel>
  )
}

/** A message waits for a beep only as long as one may come. */
function WhenSaid({ until }: { until: string | null }) {
  const { t } = useTexts('dock')
  const now = useNow()
  const isAwaited = until !== null && new Date(until).getTime() > now
  return <p className="text-xs text-ink-2">{t(isAwaited ? 'answered_by.about_beep' : 'answered_by.about_now')}</p>
}
