// What a queue's agents do beside calls: messages of callers, and whether calls may interrupt that.
import type { Queue, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Checkbox } from '@/ui'
import { Group, NumberField } from '../form-parts'

type Rules = Schemas['WorkRules']

export const DEFAULT_WORK: Required<Rules> = { routes_voicemail: true, interrupts: true, promote_mins: 60, open_mins_max: 30 }

const NUMBERS = ['promote_mins', 'open_mins_max'] as const
const BOUNDS: Readonly<Record<(typeof NUMBERS)[number], readonly [number, number]>> = { promote_mins: [1, 10_080], open_mins_max: [1, 1_440] }

function workOf(queue: Queue): Required<Rules> {
  return { ...DEFAULT_WORK, ...queue.work }
}

/** What is out of its bounds, before the server is asked. */
export function workMistakes(queue: Queue, range: (value: number, least: number, most: number) => string | undefined): Record<string, string | undefined> {
  const rules = workOf(queue)
  return Object.fromEntries(NUMBERS.map((field) => [`work.${field}`, range(rules[field], ...BOUNDS[field])]))
}

export function QueueWorkFields({ form }: { form: Form<Queue> }) {
  const { t } = useTexts('admin')
  const rules = workOf(form.values)
  const set = (part: Partial<Rules>) => form.set('work', { ...rules, ...part })
  return (
    <Group title={t('queue_work.title')}>
      <Checkbox isSelected={rules.routes_voicemail} onChange={(isOn) => set({ routes_voicemail: isOn })} data-testid="field-work-routes">
        {t('queue_work.routes_voicemail')}
      </Checkbox>
      <Checkbox isSelected={rules.interrupts} onChange={(isOn) => set({ interrupts: isOn })} data-testid="field-work-interrupts">
        {t('queue_work.interrupts')}
      </Checkbox>
      <div className="grid grid-cols-2 gap-2">
        {NUMBERS.map((field) => (
          <NumberField key={field} label={t(`queue_work.${field}`)} unit="min" value={rules[field]} onChange={(value) => set({ [field]: value })} error={form.errorOf(`work.${field}`)} data-testid={`field-work-${field}`} />
        ))}
      </div>
      <p className="text-xs text-ink-3">{t('queue_work.help')}</p>
    </Group>
  )
}
