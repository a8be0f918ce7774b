// What a supervisor is asked when a waiting caller is put ahead or moved to another queue. A refusal is told in the dialog, which stays.
import { useState, type FormEvent } from 'react'
import { failureText } from '@/api/problem-text'
import { useTexts } from '@/i18n/use-texts'
import { useNames } from '@/lib/use-names'
import { live } from '@/live/console'
import type { ConsoleCommand } from '@/live/protocol'
import { Button, Dialog, Segments, TextField } from '@/ui'
import { aheadMost, aheadSecs, type AheadUnit } from './ahead'
import { useBoardCall, useBoardQueue } from './use-board'

export interface WaitingDialogProps {
  call: string
  name: string
  onClose: () => void
}

/** Asks for one thing; what refused it is kept until the next try. */
function useAsking(onDone: () => void): { ask: (command: ConsoleCommand) => void; isAsking: boolean; refusal: string | null } {
  const [isAsking, setAsking] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const ask = (command: ConsoleCommand) => {
    setAsking(true)
    setRefusal(null)
    void live.command(command).then((failure) => {
      setAsking(false)
      if (failure) setRefusal(failureText(failure))
      else onDone()
    })
  }
  return { ask, isAsking, refusal }
}

function Refusal({ text }: { text: string | null }) {
  if (text === null) return null
  return (
    <p role="alert" className="text-bad-ink" data-testid="waiting-refusal">
      {text}
    </p>
  )
}

/** As though the caller had waited so much longer, or by the queue's rules again. */
export function AheadDialog({ call, name, onClose }: WaitingDialogProps) {
  const { t } = useTexts('live-board')
  const [text, setText] = useState('5')
  const [unit, setUnit] = useState<AheadUnit>('minutes')
  const [error, setError] = useState<string | undefined>(undefined)
  const { ask, isAsking, refusal } = useAsking(onClose)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const secs = aheadSecs(text, unit)
    setError(secs === null ? t('waiting.ahead_wrong', { most: aheadMost(unit) }) : undefined)
    if (secs !== null) ask({ do: 'set_ahead', call, secs })
  }
  return (
    <Dialog title={t('waiting.ahead_title', { name })} isOpen onClose={onClose} closeLabel={t('common:close')} width="sm">
      <form onSubmit={submit} className="flex flex-col gap-3" noValidate>
        <p className="text-ink-2">{t('waiting.ahead_help')}</p>
        <div className="flex items-end gap-2">
          <TextField label={t('waiting.ahead_by')} value={text} onChange={setText} inputMode="numeric" autoFocus error={error} className="w-40" data-testid="ahead-by" />
          <Segments label={t('waiting.ahead_unit')} segments={(['minutes', 'seconds'] as const).map((value) => ({ value, text: t(`waiting.${value}`) }))} value={unit} onChange={setUnit} testId="ahead-unit" />
        </div>
        <Refusal text={refusal} />
        <div className="flex justify-end gap-2">
          <Button tone="plain" onPress={() => ask({ do: 'set_ahead', call, secs: null })} isDisabled={isAsking} data-testid="ahead-by-rules">
            {t('waiting.by_rules')}
          </Button>
          <Button type="submit" tone="accent" isDisabled={isAsking} data-testid="ahead-save">
            {t('waiting.ahead_save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** To the end of another queue. */
export function MoveDialog({ call, name, onClose }: WaitingDialogProps) {
  const { t } = useTexts('live-board')
  const { queues } = useNames()
  const own = useBoardCall(call)?.queue
  const { ask, isAsking, refusal } = useAsking(onClose)
  const others = queues.filter((queue) => queue.id !== own)
  return (
    <Dialog title={t('waiting.move_title', { name })} isOpen onClose={onClose} closeLabel={t('common:close')} width="sm">
      <div className="flex flex-col gap-3">
        <p className="text-ink-2">{others.length === 0 ? t('waiting.no_other_queue') : t('waiting.move_help')}</p>
        <Refusal text={refusal} />
        <ul className="flex flex-col gap-1">
          {others.map((queue) => (
            <OtherQueue key={queue.id} id={queue.id} name={queue.name} isDisabled={isAsking} onChoose={() => ask({ do: 'move_waiting', call, queue: queue.id })} />
          ))}
        </ul>
      </div>
    </Dialog>
  )
}

function OtherQueue({ id, name, isDisabled, onChoose }: { id: string; name: string; isDisabled: boolean; onChoose: () => void }) {
  const { t } = useTexts('live-board')
  const queue = useBoardQueue(id)
  const about = queue && t('waiting.move_about', { ready: queue.live.agents_ready, waiting: queue.live.waiting })
  return (
    <li className="flex items-center gap-3">
      <Button size="sm" isDisabled={isDisabled} onPress={onChoose} className="min-w-0 flex-1" data-testid={`move-to-${id}`}>
        {name}
      </Button>
      <span className="text-xs text-ink-3">{about}</span>
    </li>
  )
}
