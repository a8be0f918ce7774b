// What callers of a queue are told and may choose while they wait, and when they are sent on.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { inLanguage, linesQuery } from '@/api/queries'
import type { Queue, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Checkbox, Select } from '@/ui'
import { useEntries } from '../directory'
import { Group, NumberField } from '../form-parts'
import { Rows } from '../rows'
import { ExitFields, exitMistake } from './queue-exit'

type Waiting = Schemas['WaitingRules']
type Key = Schemas['WaitingKey']

export const DEFAULT_WAITING: Required<Waiting> = { says_position: true, position_max: 99, says_wait: false, wait_told_secs_min: 0, keys: {}, expected_wait_secs_max: null, on_expected_wait: { then: 'wait' }, closing_grace_secs: 0, redial_secs: 0, music: null, messages: [] }

const KEYS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#'] as const
const DOES = ['callback', 'queue', 'line', 'position', 'leave'] as const
const EXPECTED_WAIT_USUAL = 600

export function waitingOf(queue: Queue): Required<Waiting> {
  return { ...DEFAULT_WAITING, ...queue.waiting }
}

/** What is out of its bounds, before the server is asked. */
export function waitingMistakes(queue: Queue, range: (value: number, least: number, most: number) => string | undefined, t: ReturnType<typeof useTexts<'admin'>>['t']): Record<string, string | undefined> {
  const waiting = waitingOf(queue)
  const keys = Object.entries(waiting.keys).flatMap(([key, does]) => [
    [`waiting.keys.${key}.queue`, does.does === 'queue' && does.queue === '' ? t('common:error.required') : undefined],
    [`waiting.keys.${key}.line`, does.does === 'line' && does.line === '' ? t('common:error.required') : undefined],
  ])
  return {
    'waiting.position_max': range(waiting.position_max, 1, 99),
    'waiting.wait_told_secs_min': range(waiting.wait_told_secs_min, 0, 3_600),
    'waiting.expected_wait_secs_max': waiting.expected_wait_secs_max === null ? undefined : range(waiting.expected_wait_secs_max, 10, 86_400),
    'waiting.on_expected_wait': exitMistake(waiting.on_expected_wait, t),
    'waiting.closing_grace_secs': range(waiting.closing_grace_secs, 0, 7_200),
    'waiting.redial_secs': waiting.redial_secs === 0 ? undefined : range(waiting.redial_secs, 10, 3_600),
    ...Object.fromEntries(keys),
  }
}

export function QueueWaitingFields({ form }: { form: Form<Queue> }) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  const { data: queues = [] } = useEntries<Queue>('/queues')
  const waiting = waitingOf(values)
  const change = (part: Partial<Waiting>) => set('waiting', { ...waiting, ...part })
  const others = queues.filter((queue) => queue.id !== values.id)
  const isLimited = waiting.expected_wait_secs_max !== null
  return (
    <Group title={t('queue_waiting.title')}>
      <Checkbox isSelected={waiting.says_position} onChange={(says_position) => change({ says_position })} data-testid="field-says-position">
        {t('queue_waiting.says_position')}
      </Checkbox>
      <Checkbox isSelected={waiting.says_wait} onChange={(says_wait) => change({ says_wait })} data-testid="field-says-wait">
        {t('queue_waiting.says_wait')}
      </Checkbox>
      <div className="grid grid-cols-2 gap-2">
        <NumberField label={t('queue_waiting.position_max')} value={waiting.position_max} onChange={(position_max) => change({ position_max })} error={errorOf('waiting.position_max')} />
        <NumberField label={t('queue_waiting.wait_told_secs_min')} unit="s" value={waiting.wait_told_secs_min} onChange={(wait_told_secs_min) => change({ wait_told_secs_min })} error={errorOf('waiting.wait_told_secs_min')} />
      </div>
      <KeyRows keys={waiting.keys} queues={others} onChange={(keys) => change({ keys })} errorOf={errorOf} />
      <Checkbox isSelected={isLimited} onChange={(isOn) => change(isOn ? { expected_wait_secs_max: EXPECTED_WAIT_USUAL, on_expected_wait: { then: 'callback' } } : { expected_wait_secs_max: null, on_expected_wait: { then: 'wait' } })} data-testid="field-expected-wait">
        {t('queue_waiting.limit')}
      </Checkbox>
      {waiting.expected_wait_secs_max !== null && (
        <>
          <NumberField label={t('queue_waiting.expected_wait_secs_max')} unit="s" value={waiting.expected_wait_secs_max} onChange={(expected_wait_secs_max) => change({ expected_wait_secs_max })} error={errorOf('waiting.expected_wait_secs_max')} className="w-40" />
          <ExitFields field="on_expected_wait" exit={waiting.on_expected_wait} queues={others} onChange={(on_expected_wait) => change({ on_expected_wait })} error={errorOf('waiting.on_expected_wait')} />
        </>
      )}
      <div className="grid grid-cols-2 gap-2">
        <NumberField label={t('queue_waiting.closing_grace_secs')} unit="s" value={waiting.closing_grace_secs} onChange={(closing_grace_secs) => change({ closing_grace_secs })} error={errorOf('waiting.closing_grace_secs')} />
        <NumberField label={t('queue_waiting.redial_secs')} unit="s" value={waiting.redial_secs} onChange={(redial_secs) => change({ redial_secs })} error={errorOf('waiting.redial_secs')} data-testid="field-redial-secs" />
      </div>
      <p className="-mt-2 text-xs text-ink-3">{t('queue_waiting.redial_help')}</p>
    </Group>
  )
}

function KeyRows({ keys, queues, onChange, errorOf }: { keys: Readonly<Record<string, Key>>; queues: readonly Queue[]; onChange: (keys: Record<string, Key>) => void; errorOf: (field: string) => string | undefined }) {
  const { t, i18n } = useTexts('admin')
  const { data: lines = [] } = useQuery(linesQuery)
  // In rows of its own: an object would sort the digits first.
  const [rows, setRows] = useState<ReadonlyArray<readonly [string, Key]>>(() => Object.entries(keys))
  const change = (next: ReadonlyArray<readonly [string, Key]>) => {
    setRows(next)
    onChange(Object.fromEntries(next))
  }
  const left = KEYS.filter((key) => !rows.some(([used]) => used === key))
  const start = (does: Key['does']): Key => {
    switch (does) {
      case 'queue':
        return { does, queue: queues[0]?.id ?? '' }
      case 'line':
        return { does, line: lines[0]?.id ?? '' }
      case 'callback':
      case 'position':
      case 'leave':
        return { does }
    }
  }
  return (
    <Rows<readonly [string, Key]>
      title={t('queue_waiting.keys')}
      help={t('queue_waiting.keys_help')}
      rows={rows}
      onChange={change}
      blank={() => [left[0] ?? '', { does: 'callback' }]}
      addText={t('queue_waiting.add_key')}
      canAdd={left.length > 0}
      data-testid="rows-waiting-keys"
    >
      {([key, does], set) => (
        <div className="grid min-w-0 flex-1 grid-cols-[4rem_1fr_1fr] items-end gap-2">
          <Select label={t('queue_waiting.key')} isLabelHidden choices={KEYS.filter((one) => one === key || left.includes(one)).map((one) => ({ id: one, label: one }))} value={key} onChange={(next) => set([next, does])} error={errorOf(`waiting.keys.${key}`)} />
          <Select label={t('queue_waiting.does')} isLabelHidden choices={DOES.map((one) => ({ id: one, label: t(`queue_waiting.key_does.${one}`) }))} value={does.does} onChange={(next) => set([key, start(DOES.find((one) => one === next) ?? 'callback')])} error={undefined} />
          {does.does === 'queue' && <Select label={t('field.queue')} isLabelHidden choices={queues.map((queue) => ({ id: queue.id, label: queue.name }))} value={does.queue === '' ? null : does.queue} onChange={(queue) => set([key, { does: 'queue', queue }])} error={errorOf(`waiting.keys.${key}.queue`)} />}
          {does.does === 'line' && <Select label={t('field.line')} isLabelHidden choices={lines.map((line) => ({ id: line.id, label: inLanguage(line.names, i18n.language) || line.id }))} value={does.line === '' ? null : does.line} onChange={(line) => set([key, { does: 'line', line }])} error={errorOf(`waiting.keys.${key}.line`)} />}
        </div>
      )}
    </Rows>
  )
}
