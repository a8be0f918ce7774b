// A callback that is agreed, or put off.
import { useQueryClient } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { CallbackView } from '@/api/records'
import { isSupervisor, type Session } from '@/api/session'
import { phoneText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { FormProblem } from '@/lib/form-problem'
import { useForm } from '@/lib/use-form'
import { useNames } from '@/lib/use-names'
import { Button, DateField, Dialog, Select, showToast, TextArea, TextField } from '@/ui'
import { localTime, timeMistake } from './local-time'

const ANYONE = 'anyone'

export interface CallbackDialogProps {
  callback: CallbackView | null
  session: Session
  onClose: () => void
  /** What a talk that leads to it already says. */
  about?: { number?: string; queue?: string; customer?: string; call?: string }
}

export function CallbackDialog({ callback, session, onClose, about = {} }: CallbackDialogProps) {
  const { t } = useTexts('callbacks')
  const client = useQueryClient()
  const names = useNames()
  const queues = names.queues.filter((queue) => (queue.callback?.mode ?? 'task') !== 'task')
  const agents = isSupervisor(session.role) ? names.agents : names.agents.filter((agent) => agent.id === session.user)
  const [{ values, set, errorOf, problem, isSaving, submit }, ref] = useForm({
    // `at` is what the server calls the time.
    initial: { number: callback?.number ?? about.number ?? '', queue: about.queue ?? queues[0]?.id ?? '', day: '', at: '', zone: callback?.zone ?? zoneHere(), agent: callback?.agent ?? ANYONE, note: '' },
    check: (typed) => ({
      number: typed.number.trim() === '' ? t('common:error.required') : undefined,
      queue: callback === null && typed.queue === '' ? t('no_queue') : undefined,
      day: typed.day === '' && typed.at !== '' ? t('day_missing') : undefined,
      at: timeMistake(typed.at) ? t('time_wrong') : undefined,
    }),
    save: async (typed) => {
      const when = { at: localTime(typed.day, typed.at), zone: typed.zone }
      const agent = typed.agent === ANYONE ? null : typed.agent
      if (callback) await api.put(`/callbacks/${callback.id}`, { ...when, agent, number: typed.number === callback.number ? null : typed.number })
      else await api.post('/callbacks', { ...when, agent, number: typed.number, queue: typed.queue, note: typed.note.trim() === '' ? null : typed.note, customer: about.customer ?? null, call: about.call ?? null })
      showToast({ tone: 'good', text: t('saved') })
      await client.invalidateQueries({ queryKey: ['callbacks'] })
      onClose()
    },
  })
  return (
    <Dialog title={callback ? t('reschedule_title', { number: phoneText(callback.number) }) : t('new_title')} isOpen onClose={onClose} closeLabel={t('common:close')} width="sm">
      <form ref={ref} onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-3">
        <TextField label={t('field.number')} type="tel" value={values.number} onChange={(text) => set('number', text)} autoFocus={callback === null} isRequired error={errorOf('number')} data-testid="callback-number" />
        {callback === null && <Select label={t('field.queue')} choices={queues.map((queue) => ({ id: queue.id, label: queue.name }))} value={values.queue === '' ? null : values.queue} onChange={(id) => set('queue', id)} placeholder={t('no_queue')} error={errorOf('queue')} data-testid="callback-queue" />}
        <div className="grid grid-cols-2 gap-2">
          <DateField label={t('field.day')} value={values.day} onChange={(day) => set('day', day)} error={errorOf('day')} data-testid="callback-day" />
          <TextField label={t('field.time')} type="time" value={values.at} onChange={(text) => set('at', text)} error={errorOf('at')} data-testid="callback-time" />
        </div>
        <p className="-mt-2 text-xs text-ink-3">{t(callback ? 'time_stays' : 'time_help')}</p>
        <TextField label={t('field.zone')} help={t('zone_help')} value={values.zone} onChange={(text) => set('zone', text)} error={errorOf('zone')} data-testid="callback-zone" />
        <Select label={t('field.agent')} choices={[{ id: ANYONE, label: t('anyone') }, ...agents.map((agent) => ({ id: agent.id, label: agent.name }))]} value={values.agent} onChange={(id) => set('agent', id)} error={errorOf('agent')} data-testid="callback-agent" />
        {callback === null && <TextArea label={t('field.note')} rows={2} value={values.note} onChange={(text) => set('note', text)} error={errorOf('note')} data-testid="callback-note" />}
        <FormProblem problem={problem} />
        <div className="flex justify-end gap-2">
          <Button onPress={onClose}>{t('common:cancel')}</Button>
          <Button type="submit" tone="accent" isDisabled={isSaving} data-testid="callback-save">
            {isSaving ? t('common:saving') : t('common:save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** The time zone of this machine, which is most customers' too. */
function zoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
