// What agents may dial outside.
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Select, TextArea } from '@/ui'
import { useEntries } from '../directory'
import { Group, NumberField } from '../form-parts'
import { linesOf, plainNumber } from '../keys'

type Centre = Schemas['Centre']
type DiallingRules = Schemas['DiallingRules']

const NO_RULES: DiallingRules = { allowed: [], denied: [], calls_max: 5, calls_per_day_max: 1_000, calendar: null }
/** A select wants a key. */
const ALWAYS = 'always'

/** As they are sent: without blanks and empty lines. */
export function tidyDialling(rules: DiallingRules = NO_RULES): DiallingRules {
  const tidy = (begins: readonly string[]) => begins.map(plainNumber).filter((begin) => begin !== '')
  return { ...rules, allowed: tidy(rules.allowed), denied: tidy(rules.denied) }
}

export function DiallingFields({ form }: { form: Form<Centre> }) {
  const { t } = useTexts('admin')
  const { data: calendars = [] } = useEntries<Schemas['CalendarSource']>('/calendars')
  const rules = form.values.dialling ?? NO_RULES
  const change = (part: Partial<DiallingRules>) => form.set('dialling', { ...rules, ...part })
  return (
    <Group title={t('dialling.title')}>
      <p className="text-xs text-ink-3">{t('dialling.about')}</p>
      <div className="grid grid-cols-2 gap-2">
        <TextArea label={t('dialling.allowed')} value={rules.allowed.join('\n')} onChange={(text) => change({ allowed: linesOf(text) })} rows={3} help={t('dialling.allowed_help')} error={form.errorOf('dialling.allowed')} inputClassName="font-mono" data-testid="field-dialling-allowed" />
        <TextArea label={t('dialling.denied')} value={rules.denied.join('\n')} onChange={(text) => change({ denied: linesOf(text) })} rows={3} help={t('dialling.denied_help')} error={form.errorOf('dialling.denied')} inputClassName="font-mono" data-testid="field-dialling-denied" />
      </div>
      <div className="grid grid-cols-3 gap-2">
        <NumberField label={t('dialling.calls_max')} value={rules.calls_max} onChange={(value) => change({ calls_max: value })} error={form.errorOf('dialling.calls_max')} data-testid="field-dialling-lines" />
        <NumberField label={t('dialling.calls_per_day_max')} value={rules.calls_per_day_max} onChange={(value) => change({ calls_per_day_max: value })} error={form.errorOf('dialling.calls_per_day_max')} data-testid="field-dialling-day" />
        <Select label={t('dialling.calendar')} choices={[{ id: ALWAYS, label: t('always') }, ...calendars.map((one) => ({ id: one.id, label: one.name }))]} value={rules.calendar ?? ALWAYS} onChange={(id) => change({ calendar: id === ALWAYS ? null : id })} error={form.errorOf('dialling.calendar')} />
      </div>
    </Group>
  )
}
