// A supervisor on somebody's call: hears it, speaks to the agent or to all, takes it over. And what the agent sees of that.
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { useFloor, useIsUp } from '@/lib/use-live'
import { usePartyName } from '@/lib/use-party-name'
import type { CallView } from '@/live/protocol'
import { Badge, Button, Segments } from '@/ui'
import { dockStore, send } from './actions'

const MODES = ['listen', 'whisper', 'barge'] as const

export function SupervisionControls({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  const user = useFloor((floor) => floor.user)
  const agent = useFloor((floor) => (call.agent ? floor.colleagues.get(call.agent)?.name : undefined))
  const pending = useStore(dockStore, (dock) => dock.pending)
  const isUp = useIsUp()
  const name = usePartyName(call)
  const mode = call.supervisors.find((supervisor) => supervisor.agent === user)?.mode ?? 'listen'
  const segments = MODES.map((value) => ({ value, text: t(`supervision.${value}`) }))
  const isWaiting = !isUp || pending.has('supervise') || pending.has('take_over')
  return (
    <span className="flex min-w-0 items-center gap-3 text-ink" data-testid="supervision" data-mode={mode}>
      <span className="min-w-0 truncate">
        <b className="font-semibold">{t(`supervision.now.${mode}`)}</b> <span className="text-ink-2">{t('supervision.call', { agent: agent ?? call.agent ?? '', name })}</span>
      </span>
      <Segments label={t('supervision.label')} segments={segments} value={mode} onChange={(wanted) => void send({ do: 'supervise', call: call.id, mode: wanted })} isDisabled={isWaiting} testId="supervise" />
      <Button size="sm" isDisabled={isWaiting} onPress={() => void send({ do: 'take_over', call: call.id })} data-testid="take-over">
        {t('supervision.take_over')}
      </Button>
      <Button size="sm" isDisabled={!isUp} onPress={() => void send({ do: 'end_supervision' })} data-testid="stop-listening">
        {t('supervision.end')}
      </Button>
    </span>
  )
}

const SAYS = { listen: 'supervision.listens', whisper: 'supervision.whispers', barge: 'supervision.speaks' } as const

/** Who speaks to this agent from outside the call, and whether the customer hears it too; and who listens, where agents are told. */
export function SpeakingSupervisors({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  const colleagues = useFloor((floor) => floor.colleagues)
  const told = call.supervisors.filter((supervisor) => supervisor.mode !== 'listen' || call.is_monitoring_told)
  return told.map(({ agent, mode }) => (
    <span key={agent} role="status" data-testid={`supervisor-${mode}`}>
      <Badge tone={mode === 'barge' ? 'warn' : 'accent'}>{t(SAYS[mode], { name: colleagues.get(agent)?.name ?? agent })}</Badge>
    </span>
  ))
}
