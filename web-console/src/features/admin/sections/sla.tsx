import { AlarmClock } from 'lucide-react'
import { useState } from 'react'
import type { Priority, Queue, Schemas, TicketState, TicketType } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { segmentText } from '@/i18n/words'
import { PriorityMark, Select, TextField } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { Choices, Group, NameAndKey, NumberField, useKeyChecks, useRange } from '../form-parts'
import { readTarget, targetText } from '../keys'

const METRICS = ['first_response', 'next_response', 'update', 'resolution'] as const
type Targets = Partial<Record<`${(typeof METRICS)[number]}_secs`, number | null>>

interface SlaPolicy {
  id: string
  name: string
  position: number
  queues: string[]
  types: TicketType[]
  segments: string[]
  calendar: string
  targets: Partial<Record<Priority, Targets>>
  resolution_pauses_in: TicketState[]
}

const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'normal', 'low']
const TYPES: readonly TicketType[] = ['request', 'complaint', 'return', 'enquiry', 'incident', 'suggestion', 'callback']
const WAITS: readonly TicketState[] = ['waiting_customer', 'waiting_internal', 'waiting_supplier']
const SEGMENTS = ['standard', 'silver', 'gold'] as const
const TARGET_SECS_MAX = 366 * 86_400

export function SlaSection() {
  const { t } = useTexts('admin')
  const checkKey = useKeyChecks()
  const range = useRange()
  const { data: queues = [] } = useEntries<Queue>('/queues')
  const { data: calendars = [] } = useEntries<Schemas['CalendarSource']>('/calendars')
  const kind: Kind<SlaPolicy> = {
    section: 'sla',
    icon: AlarmClock,
    path: '/sla-policies',
    isPutOnly: true,
    touches: ['tickets'],
    formWidth: 'lg:w-160',
    keyOf: (policy) => policy.id,
    nameOf: (policy) => policy.name,
    order: (a, b) => a.position - b.position,
    columns: [
      { id: 'position', title: t('sla.position'), width: '72px', isNumber: true, cell: (policy) => policy.position },
      { id: 'name', title: t('field.name'), width: 'minmax(120px, 1fr)', cell: (policy) => <span className="font-medium">{policy.name}</span> },
      {
        id: 'for',
        title: t('sla.for'),
        width: 'minmax(140px, 1.4fr)',
        cell: (policy) =>
          [...policy.queues.map((id) => queues.find((one) => one.id === id)?.name ?? id), ...policy.types.map((type) => t(`common:ticket.type.${type}`)), ...policy.segments.map(segmentText)].join(', ') || t('sla.everything'),
      },
      { id: 'normal', title: t('sla.normal'), width: '208px', isWide: true, cell: (policy) => [policy.targets.normal?.first_response_secs, policy.targets.normal?.resolution_secs].map((secs) => targetText(secs) || '–').join(' / ') },
      { id: 'calendar', title: t('field.hours'), width: 'minmax(90px, 0.8fr)', isWide: true, cell: (policy) => calendars.find((one) => one.id === policy.calendar)?.name ?? policy.calendar },
    ],
    blank: (known) => ({
      id: '',
      name: '',
      position: Math.max(0, ...known.map((policy) => policy.position)) + 1,
      queues: [],
      types: [],
      segments: [],
      calendar: calendars[0]?.id ?? '',
      targets: { urgent: { first_response_secs: 900, resolution_secs: 14_400 }, high: { first_response_secs: 3_600, resolution_secs: 28_800 }, normal: { first_response_secs: 14_400, resolution_secs: 86_400 }, low: { first_response_secs: 28_800, resolution_secs: 172_800 } },
      resolution_pauses_in: ['waiting_customer'],
    }),
    toBody: (policy) => ({
      ...policy,
      name: policy.name.trim(),
      targets: Object.fromEntries(Object.entries(policy.targets).filter(([, targets]) => METRICS.some((metric) => (targets[`${metric}_secs`] ?? null) !== null))),
    }),
    check: (policy, isNew) => ({
      ...checkKey(policy, isNew),
      calendar: policy.calendar === '' ? t('sla.choose_hours') : undefined,
      position: range(policy.position, 0, 10_000),
      ...Object.fromEntries(
        PRIORITIES.flatMap((priority) =>
          METRICS.map((metric) => {
            const secs = policy.targets[priority]?.[`${metric}_secs`] ?? null
            return [`targets.${priority}.${metric}_secs`, secs === null || (secs >= 1 && secs <= TARGET_SECS_MAX) ? undefined : t('sla.unreadable')]
          }),
        ),
      ),
    }),
    Fields,
  }
  return <DirectoryPage kind={kind} />
}

function Fields({ form, isNew }: FieldsProps<SlaPolicy>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  const { data: queues = [] } = useEntries<Queue>('/queues')
  const { data: calendars = [] } = useEntries<Schemas['CalendarSource']>('/calendars')
  const put = (priority: Priority, targets: Targets) => set('targets', { ...values.targets, [priority]: { ...values.targets[priority], ...targets } })
  return (
    <>
      <NameAndKey form={form} isNew={isNew} />
      <div className="grid grid-cols-2 gap-2">
        <NumberField label={t('sla.position')} value={values.position} onChange={(position) => set('position', position)} help={t('sla.position_help')} error={errorOf('position')} />
        <Select label={t('sla.hours')} choices={calendars.map((calendar) => ({ id: calendar.id, label: calendar.name }))} value={values.calendar === '' ? null : values.calendar} onChange={(id) => set('calendar', id)} isRequired error={errorOf('calendar')} />
      </div>
      <Group title={t('sla.for')}>
        <Choices label={t('section.queues')} anyText={t('sla.any')} choices={queues.map((queue) => ({ id: queue.id, label: queue.name }))} chosen={values.queues} onChange={(ids) => set('queues', ids)} error={errorOf('queues')} />
        <Choices label={t('sla.types')} anyText={t('sla.any')} choices={TYPES.map((id) => ({ id, label: t(`common:ticket.type.${id}`) }))} chosen={values.types} onChange={(ids) => set('types', ids)} error={errorOf('types')} />
        <Choices label={t('sla.segments')} anyText={t('sla.any')} choices={SEGMENTS.map((id) => ({ id: id as string, label: segmentText(id) }))} chosen={values.segments} onChange={(ids) => set('segments', ids)} error={errorOf('segments')} />
      </Group>
      <Group title={t('sla.targets')}>
        <p className="-mt-1 text-xs text-ink-3">{t('sla.targets_help')}</p>
        <div className="grid grid-cols-[96px_repeat(4,1fr)] items-start gap-2">
          <span />
          {METRICS.map((metric) => (
            <span key={metric} className="text-xs font-medium text-ink-2">
              {t(`common:ticket.metric.${metric}`)}
            </span>
          ))}
          {PRIORITIES.map((priority) => (
            <div key={priority} className="contents">
              <span className="pt-1.5">
                <PriorityMark priority={priority} />
              </span>
              {METRICS.map((metric) => (
                <TargetField
                  key={metric}
                  label={`${t(`common:ticket.priority.${priority}`)}, ${t(`common:ticket.metric.${metric}`)}`}
                  secs={values.targets[priority]?.[`${metric}_secs`] ?? null}
                  onChange={(secs) => put(priority, { [`${metric}_secs`]: secs })}
                  error={errorOf(`targets.${priority}.${metric}_secs`)}
                />
              ))}
            </div>
          ))}
        </div>
        <Choices label={t('sla.pauses')} anyText={t('sla.never')} choices={WAITS.map((id) => ({ id, label: t(`common:ticket.state.${id}`) }))} chosen={values.resolution_pauses_in} onChange={(ids) => set('resolution_pauses_in', ids)} error={errorOf('resolution_pauses_in')} />
      </Group>
    </>
  )
}

/** A span of open time as one writes it. What cannot be read is `NaN` for the form. */
function TargetField({ label, secs, onChange, error }: { label: string; secs: number | null; onChange: (secs: number | null) => void; error: string | undefined }) {
  const { t } = useTexts('admin')
  const [text, setText] = useState(() => targetText(secs))
  return (
    <TextField
      label={label}
      isLabelHidden
      placeholder={t('sla.no_target')}
      value={text}
      onChange={(typed) => {
        setText(typed)
        const read = readTarget(typed)
        onChange(read === undefined ? Number.NaN : read)
      }}
      onBlur={() => {
        const read = readTarget(text)
        if (read !== undefined) setText(targetText(read))
      }}
      error={error}
    />
  )
}
