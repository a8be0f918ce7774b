// Asking somebody first: who is asked, how far it has come, and what can be done with it.
import { ArrowLeftRight, PhoneForwarded, Undo2, Users } from 'lucide-react'
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { useFloor, useIsUp } from '@/lib/use-live'
import { useNames } from '@/lib/use-names'
import type { CallView, ConsoleCommand } from '@/live/protocol'
import { Badge, Button, IconButton } from '@/ui'
import { dockStore, send } from './actions'

type ConsultCommand = Extract<ConsoleCommand['do'], `consult_${string}`>

export function ConsultControls({ call, consult }: { call: CallView; consult: NonNullable<CallView['consult']> }) {
  const { t } = useTexts('dock')
  const isUp = useIsUp()
  const pending = useStore(dockStore, (state) => state.pending)
  const colleague = useFloor((floor) => (consult.agent ? floor.colleagues.get(consult.agent)?.name : undefined))
  const names = useNames()
  const name = colleague ?? consult.agent ?? consult.number ?? (consult.queue ? names.queue(consult.queue) : '')
  const isAnswered = consult.step !== 'ringing' && consult.step !== 'queued'
  const text = consult.step === 'queued' && consult.position ? t('consult.step.queued_at', { name, position: consult.position }) : t(`consult.step.${consult.step}`, { name })
  // With others on the line the one who is asked joins them first; handing over is done with all of them.
  const isConference = call.conference.length > 0
  const button = (command: ConsultCommand) => ({
    size: 'sm' as const,
    isDisabled: !isUp || pending.has(command),
    onPress: () => void send({ do: command, call: call.id }),
    'data-testid': command.replace('_', '-'),
  })
  return (
    <div role="group" aria-label={t('consult.label')} data-testid="consult" className="flex shrink-0 items-center gap-1.5">
      {/* The dock has one height and little room: what is pressed most has its name, the others have tips. */}
      <Badge tone={isAnswered ? 'accent' : 'warn'}>{text}</Badge>
      <span className="sr-only" aria-live="polite">
        {text}
      </span>
      {isAnswered && !consult.is_on_phone && (
        <>
          <IconButton icon={ArrowLeftRight} label={t('consult.swap')} {...button('consult_swap')} />
          <IconButton icon={Users} label={t('consult.join')} {...button('consult_join')} />
        </>
      )}
      {!isConference && (
        <Button icon={PhoneForwarded} {...button('consult_complete')}>
          {t('consult.complete')}
        </Button>
      )}
      <IconButton icon={Undo2} label={t('consult.cancel')} {...button('consult_cancel')} />
    </div>
  )
}
