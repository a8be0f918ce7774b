import { ListOrdered } from 'lucide-react'
import { inLanguage } from '@/api/queries'
import type { Disposition, Queue, Schemas, TicketType } from '@/api/types'
import { spanText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { Checkbox, Select, TextField } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { Choices, Group, NameAndKey, NumberField, useKeyChecks, useRange } from '../form-parts'
import { tidyQueue } from '../queue'
import { QueueForkFields } from './fork-rules'
import { EXITS, ExitFields, exitMistake } from './queue-exit'
import { callbackMistakes, DEFAULT_CALLBACK, QueueCallbackFields } from './queue-callback'
import { DEFAULT_ROUTING, QueueRoutingFields, routingMistakes } from './queue-routing'
import { DEFAULT_WAITING, QueueWaitingFields, waitingMistakes } from './queue-waiting'
import { messageMistakes, QueueMessageFields } from './queue-messages'
import { HoldFields, holdMistakes, holdOf } from './hold'
import { QueueSegmentFields, ScriptFields } from './queue-segments'
import { DEFAULT_WORK, QueueWorkFields, workMistakes } from './queue-work'
import { MonitoringField } from './monitoring'
import { RecordingPolicyField } from './recording'
import { SkillNeeds } from './skill-needs'

const TYPES: readonly TicketType[] = ['request', 'complaint', 'return', 'enquiry', 'incident', 'suggestion', 'callback']
/** With the short names that reports write. */
const VARIANTS: ReadonlyArray<{ id: Schemas['ServiceLevelVariant']; code: string }> = [
  { id: 'of_answered', code: 'SL-1' },
  { id: 'abandons_in_time_are_good', code: 'SL-2' },
  { id: 'strict', code: 'SL-3' },
  { id: 'without_short_abandons', code: 'SL-4' },
  { id: 'late_abandons_only', code: 'SL-5' },
  { id: 'with_flow_outs', code: 'SL-6' },
  { id: 'abandons_ignored', code: 'SL-7' },
]

export function QueuesSection() {
  const { t } = useTexts('admin')
  const checkKey = useKeyChecks()
  const range = useRange()
  const { data: skills = [] } = useEntries<Schemas['Skill']>('/skills')
  const { data: calendars = [] } = useEntries<{ id: string; name: string }>('/calendars')
  const kind: Kind<Queue> = {
    section: 'queues',
    icon: ListOrdered,
    path: '/queues',
    formWidth: 'lg:w-128',
    keyOf: (queue) => queue.id,
    nameOf: (queue) => queue.name,
    columns: [
      { id: 'name', title: t('field.name'), width: 'minmax(120px, 1.4fr)', cell: (queue) => <span className="font-medium">{queue.name}</span> },
      { id: 'id', title: t('field.key'), width: 'minmax(80px, 0.8fr)', cell: (queue) => queue.id },
      { id: 'skills', title: t('field.skills'), width: 'minmax(110px, 1.2fr)', isWide: true, cell: (queue) => queue.skills.map((need) => `${skills.find((one) => one.id === need.skill)?.name ?? need.skill} ≥ ${need.level}`).join(', ') },
      { id: 'calendar', title: t('field.hours'), width: 'minmax(90px, 1fr)', isWide: true, cell: (queue) => (queue.calendar ? (calendars.find((one) => one.id === queue.calendar)?.name ?? queue.calendar) : t('always')) },
      { id: 'goal', title: t('queues.goal'), width: '128px', isWide: true, cell: (queue) => t('queues.goal_is', { percent: queue.service_level_percent, secs: queue.service_level_secs }) },
      { id: 'ring', title: t('queues.ring_secs'), width: '96px', isWide: true, isNumber: true, cell: (queue) => spanText(queue.ring_secs * 1000) },
      { id: 'wait', title: t('queues.wait_secs_max'), width: '112px', isWide: true, isNumber: true, cell: (queue) => spanText(queue.wait_secs_max * 1000) },
    ],
    blank: () => ({
      id: '',
      name: '',
      skills: [],
      priority: 0,
      ring_secs: 20,
      waiting_max: 50,
      wait_secs_max: 600,
      calendar: null,
      wrap_up: { mode: 'timed', secs: 60 },
      wrap_up_extensions: DEFAULT_EXTENSIONS,
      service_level_secs: 20,
      service_level_percent: 80,
      short_abandon_secs: 5,
      position_every_secs: 45,
      on_no_agents: { then: 'wait' },
      on_max_wait: { then: 'callback' },
      on_full: { then: 'callback' },
      on_closed: { then: 'message', prompt: 'queue-closed' },
      dispositions: [],
      ticket_type: 'request',
      caller_number: null,
      script: {},
      // A new queue keeps the places of callers who are cut off.
      waiting: { ...DEFAULT_WAITING, redial_secs: 120 },
      routing: DEFAULT_ROUTING,
      recording: null,
      has_secret_note: false,
      forks: null,
      callback: DEFAULT_CALLBACK,
      work: DEFAULT_WORK,
    }),
    toBody: tidyQueue,
    check: (queue, isNew) => ({
      ...checkKey(queue, isNew),
      priority: range(queue.priority, -100, 100),
      ring_secs: range(queue.ring_secs, 5, 120),
      waiting_max: range(queue.waiting_max, 1, 10_000),
      wait_secs_max: range(queue.wait_secs_max, 10, 86_400),
      service_level_secs: range(queue.service_level_secs, 1, 3_600),
      service_level_percent: range(queue.service_level_percent, 1, 100),
      short_abandon_secs: range(queue.short_abandon_secs, 0, 120),
      position_every_secs: queue.position_every_secs === 0 ? undefined : range(queue.position_every_secs, 10, 600),
      'wrap_up_extensions.times': range((queue.wrap_up_extensions ?? DEFAULT_EXTENSIONS).times ?? 0, 0, 20),
      'wrap_up_extensions.secs': range((queue.wrap_up_extensions ?? DEFAULT_EXTENSIONS).secs ?? 0, 5, 600),
      'wrap_up.secs': queue.wrap_up.mode === 'none' ? undefined : range(queue.wrap_up.secs, 5, 3_600),
      ...Object.fromEntries(queue.skills.map((need, i) => [`skills[${i}].level`, range(need.level, 1, 10)])),
      ...routingMistakes(queue, range),
      ...waitingMistakes(queue, range, t),
      ...messageMistakes(queue, range, t('common:error.required')),
      ...callbackMistakes(queue, range),
      ...(queue.hold ? holdMistakes(holdOf(queue.hold), range) : {}),
      ...workMistakes(queue, range),
      ...Object.fromEntries(EXITS.map((field) => [field, exitMistake(queue[field], t)])),
    }),
    Fields,
  }
  return <DirectoryPage kind={kind} />
}

const NONE = 'none'
const WRAP_UP_MODES = ['none', 'optional', 'timed', 'forced', 'until_disposition'] as const
const DEFAULT_EXTENSIONS = { times: 3, secs: 30 }

function Fields({ form, isNew }: FieldsProps<Queue>) {
  const { t, i18n } = useTexts('admin')
  const { values, set, errorOf } = form
  const { data: queues = [] } = useEntries<Queue>('/queues')
  const { data: calendars = [] } = useEntries<Schemas['CalendarSource']>('/calendars')
  const { data: dispositions = [] } = useEntries<Disposition>('/dispositions')
  const { wrap_up: wrapUp } = values
  const secs = wrapUp.mode === 'none' ? 60 : wrapUp.secs
  const extensions = { ...DEFAULT_EXTENSIONS, ...values.wrap_up_extensions }
  return (
    <>
      <NameAndKey form={form} isNew={isNew} />
      <Group title={t('queues.who')}>
        <SkillNeeds title={t('queues.skills')} needs={values.skills} field="skills" noneText={t('queues.no_skills')} onChange={(needs) => set('skills', needs)} errorOf={errorOf} />
        <div className="grid grid-cols-3 gap-2">
          <NumberField label={t('queues.ring_secs')} unit="s" value={values.ring_secs} onChange={(value) => set('ring_secs', value)} error={errorOf('ring_secs')} data-testid="field-ring_secs" />
          <NumberField label={t('queues.priority')} value={values.priority} onChange={(value) => set('priority', value)} error={errorOf('priority')} />
          <Select
            label={t('field.hours')}
            choices={[{ id: NONE, label: t('always') }, ...calendars.map((calendar) => ({ id: calendar.id, label: calendar.name }))]}
            value={values.calendar ?? NONE}
            onChange={(id) => set('calendar', id === NONE ? null : id)}
            error={errorOf('calendar')}
          />
        </div>
      </Group>
      <QueueRoutingFields form={form} />
      <Group title={t('queues.waiting')}>
        <div className="grid grid-cols-3 gap-2">
          <NumberField label={t('queues.waiting_max')} value={values.waiting_max} onChange={(value) => set('waiting_max', value)} error={errorOf('waiting_max')} />
          <NumberField label={t('queues.wait_secs_max')} unit="s" value={values.wait_secs_max} onChange={(value) => set('wait_secs_max', value)} error={errorOf('wait_secs_max')} />
          <NumberField label={t('queues.position_every_secs')} unit="s" value={values.position_every_secs} onChange={(value) => set('position_every_secs', value)} error={errorOf('position_every_secs')} />
        </div>
        <p className="-mt-2 text-xs text-ink-3">{t('queues.position_help')}</p>
        {EXITS.map((field) => (
          <ExitFields key={field} field={field} exit={values[field]} queues={queues.filter((queue) => queue.id !== values.id)} onChange={(exit) => set(field, exit)} error={errorOf(field)} />
        ))}
      </Group>
      <QueueWaitingFields form={form} />
      <QueueMessageFields form={form} />
      <QueueCallbackFields form={form} />
      <QueueWorkFields form={form} />
      <Group title={t('queues.service_level')}>
        <div className="grid grid-cols-3 gap-2">
          <NumberField label={t('queues.service_level_percent')} unit="%" value={values.service_level_percent} onChange={(value) => set('service_level_percent', value)} error={errorOf('service_level_percent')} />
          <NumberField label={t('queues.service_level_secs')} unit="s" value={values.service_level_secs} onChange={(value) => set('service_level_secs', value)} error={errorOf('service_level_secs')} />
          <NumberField label={t('queues.short_abandon_secs')} unit="s" value={values.short_abandon_secs} onChange={(value) => set('short_abandon_secs', value)} error={errorOf('short_abandon_secs')} />
        </div>
        <Select
          label={t('queues.service_level_variant')}
          choices={VARIANTS.map(({ id, code }) => ({ id, label: `${code}: ${t(`common:service_level_variant.${id}`)}` }))}
          value={values.service_level_variant ?? 'without_short_abandons'}
          onChange={(id) => set('service_level_variant', VARIANTS.find((one) => one.id === id)?.id ?? 'without_short_abandons')}
          error={errorOf('service_level_variant')}
          data-testid="field-service_level_variant"
        />
      </Group>
      <Group title={t('queues.after')}>
        <div className="grid grid-cols-[2fr_1fr] gap-2">
          <Select
            label={t('queues.wrap_up')}
            choices={WRAP_UP_MODES.map((id) => ({ id, label: t(`queues.wrap_up_mode.${id}`) }))}
            value={wrapUp.mode}
            onChange={(id) => {
              const mode = WRAP_UP_MODES.find((one) => one === id) ?? 'none'
              set('wrap_up', mode === 'none' ? { mode } : { mode, secs })
            }}
            data-testid="field-wrap-up"
            error={errorOf('wrap_up.mode')}
          />
          {wrapUp.mode !== 'none' && <NumberField label={t('queues.wrap_up_secs')} unit="s" value={wrapUp.secs} onChange={(value) => set('wrap_up', { ...wrapUp, secs: value })} error={errorOf('wrap_up.secs')} />}
        </div>
        {wrapUp.mode !== 'none' && (
          <div className="grid grid-cols-2 gap-2">
            <NumberField label={t('queues.extend_times')} value={extensions.times} onChange={(value) => set('wrap_up_extensions', { ...extensions, times: value })} error={errorOf('wrap_up_extensions.times')} data-testid="field-extend-times" />
            <NumberField label={t('queues.extend_secs')} unit="s" value={extensions.secs} onChange={(value) => set('wrap_up_extensions', { ...extensions, secs: value })} error={errorOf('wrap_up_extensions.secs')} data-testid="field-extend-secs" />
          </div>
        )}
        <Choices
          label={t('queues.dispositions')}
          anyText={t('queues.all_dispositions')}
          choices={dispositions.filter((one) => !one.parent && one.is_active).map((one) => ({ id: one.id, label: inLanguage(one.names, i18n.language) }))}
          chosen={values.dispositions}
          onChange={(ids) => set('dispositions', ids)}
          error={errorOf('dispositions')}
        />
        <div className="grid grid-cols-2 gap-2">
          <MissedFields form={form} />
          <Select label={t('queues.ticket_type')} choices={TYPES.map((id) => ({ id, label: t(`common:ticket.type.${id}`) }))} value={values.ticket_type} onChange={(id) => set('ticket_type', id)} error={errorOf('ticket_type')} />
          <TextField label={t('queues.caller_number')} value={values.caller_number ?? ''} onChange={(text) => set('caller_number', text)} inputMode="tel" placeholder={t('queues.caller_number_none')} error={errorOf('caller_number')} />
        </div>
      </Group>
      <HoldFields hold={values.hold ? holdOf(values.hold) : null} hasDefault onChange={(hold) => set('hold', hold)} errorOf={errorOf} />
      <Group title={t('recording.title')}>
        <RecordingPolicyField label={t('recording.of_queue')} value={values.recording ?? null} hasDefault onChange={(policy) => set('recording', policy)} error={errorOf('recording.percent')} />
        <MonitoringField value={values.monitoring_notice ?? null} hasDefault onChange={(notice) => set('monitoring_notice', notice)} />
        <Checkbox isSelected={values.has_secret_note ?? false} onChange={(isOn) => set('has_secret_note', isOn)} data-testid="field-secret-note">
          {t('recording.secret_note')}
        </Checkbox>
      </Group>
      <QueueForkFields form={form} />
      <Group title={t('queues.script')}>
        <ScriptFields value={values.script} onChange={(script) => set('script', script)} errorOf={(language) => errorOf(`script.${language}`)} />
      </Group>
      <QueueSegmentFields form={form} />
    </>
  )
}

/** What becomes of callers who give up. */
function MissedFields({ form }: { form: FieldsProps<Queue>['form'] }) {
  const { t } = useTexts('admin')
  const missed = form.values.missed ?? { becomes: 'callback', wait_secs_min: 0 }
  return (
    <div className="grid grid-cols-2 gap-2">
      <Select label={t('queues.missed')} choices={BECOMES.map((id) => ({ id, label: t(`queues.becomes.${id}`) }))} value={missed.becomes} onChange={(id) => form.set('missed', { ...missed, becomes: BECOMES.find((one) => one === id) ?? 'callback' })} data-testid="field-missed" />
      <NumberField label={t('queues.missed_wait')} unit="s" value={missed.wait_secs_min} onChange={(wait_secs_min) => form.set('missed', { ...missed, wait_secs_min })} error={form.errorOf('missed.wait_secs_min')} data-testid="field-missed-wait" />
    </div>
  )
}

const BECOMES = ['nothing', 'task', 'callback'] as const
