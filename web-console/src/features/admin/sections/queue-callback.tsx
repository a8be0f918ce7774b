// How a queue calls back those to whom it was promised.
import type { Queue, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Checkbox, Select } from '@/ui'
import { useEntries } from '../directory'
import { Group, NumberField } from '../form-parts'

type Rules = Schemas['CallbackRules']

export const DEFAULT_CALLBACK: Required<Rules> = { mode: 'task', calendar: null, attempts_max: 3, retry_mins: 15, expire_mins: 2_880, personal_mins: 30, promise_mins: 30, calls_back_abandoned: false }

const MODES = ['task', 'agent_first', 'customer_first'] as const
const NUMBERS = ['attempts_max', 'retry_mins', 'expire_mins', 'personal_mins', 'promise_mins'] as const
const BOUNDS: Readonly<Record<(typeof NUMBERS)[number], readonly [number, number]>> = { attempts_max: [1, 20], retry_mins: [1, 1_440], expire_mins: [5, 43_200], personal_mins: [0, 10_080], promise_mins: [1, 1_440] }
const SAME = 'same'

export function callbackOf(queue: Queue): Required<Rules> {
  return { ...DEFAULT_CALLBACK, ...queue.callback }
}

/** What is out of its bounds, before the server is asked. */
export function callbackMistakes(queue: Queue, range: (value: number, least: number, most: number) => string | undefined): Record<string, string | undefined> {
  const rules = callbackOf(queue)
  return Object.fromEntries(NUMBERS.map((field) => [`callback.${field}`, range(rules[field], ...BOUNDS[field])]))
}

export function QueueCallbackFields({ form }: { form: Form<Queue> }) {
  const { t } = useTexts('admin')
  const { data: calendars = [] } = useEntries<{ id: string; name: string }>('/calendars')
  const rules = callbackOf(form.values)
  const set = (part: Partial<Rules>) => form.set('callback', { ...rules, ...part })
  return (
    <Group title={t('queue_callback.title')}>
      <Select
        label={t('queue_callback.mode')}
        choices={MODES.map((id) => ({ id, label: t(`queue_callback.modes.${id}`), detail: t(`queue_callback.modes_detail.${id}`) }))}
        value={rules.mode}
        onChange={(id) => set({ mode: MODES.find((one) => one === id) ?? 'task' })}
        error={form.errorOf('callback.mode')}
        data-testid="field-callback-mode"
      />
      {rules.mode !== 'task' && (
        <>
          <Select
            label={t('queue_callback.calendar')}
            choices={[{ id: SAME, label: t('queue_callback.queue_hours') }, ...calendars.map((calendar) => ({ id: calendar.id, label: calendar.name }))]}
            value={rules.calendar ?? SAME}
            onChange={(id) => set({ calendar: id === SAME ? null : id })}
            error={form.errorOf('callback.calendar')}
            data-testid="field-callback-calendar"
          />
          <div className="grid grid-cols-2 gap-2">
            {NUMBERS.map((field) => (
              <NumberField
                key={field}
                label={t(`queue_callback.${field}`)}
                {...(field === 'attempts_max' ? {} : { unit: 'min' })}
                value={rules[field]}
                onChange={(value) => set({ [field]: value })}
                error={form.errorOf(`callback.${field}`)}
                data-testid={`field-callback-${field}`}
              />
            ))}
          </div>
          <Checkbox isSelected={rules.calls_back_abandoned} onChange={(isOn) => set({ calls_back_abandoned: isOn })} data-testid="field-callback-abandoned">
            {t('queue_callback.abandoned')}
          </Checkbox>
        </>
      )}
    </Group>
  )
}
