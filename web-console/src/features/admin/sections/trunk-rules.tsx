// How numbers, callers and headers are written on a trunk, and what audio is offered there.
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Checkbox, Select, TextArea, TextField } from '@/ui'
import { Group, NumberField } from '../form-parts'
import { linesOf, plainNumber } from '../keys'
import { Rows } from '../rows'

export type TrunkRules = Required<Pick<Schemas['Trunk'], 'codecs' | 'numbers_in' | 'numbers_out' | 'numbers_shown' | 'caller' | 'headers'>>
type NumberRule = Schemas['NumberRule']
type HeaderRule = Schemas['HeaderRule']

export const NO_RULES: TrunkRules = { codecs: [], numbers_in: [], numbers_out: [], numbers_shown: [], caller: { default: null, allowed: [], is_withheld: false }, headers: [] }

/** As they are sent: without blanks and empty lines. */
export function tidyRules({ codecs, caller, numbers_in, numbers_out, numbers_shown, headers }: TrunkRules): TrunkRules {
  const tidyNumber = (rule: NumberRule): NumberRule => ({ ...rule, pattern: rule.pattern.trim().toUpperCase(), prepend: rule.prepend.trim() })
  return {
    codecs: codecs.map((codec) => codec.trim().toLowerCase()).filter((codec) => codec !== ''),
    caller: { ...caller, default: plainNumber(caller.default ?? '') || null, allowed: (caller.allowed ?? []).map(plainNumber).filter((begin) => begin !== '') },
    numbers_in: numbers_in.map(tidyNumber),
    numbers_out: numbers_out.map(tidyNumber),
    numbers_shown: numbers_shown.map(tidyNumber),
    headers: headers.map((rule) => (rule.do === 'remove' ? { do: rule.do, name: rule.name.trim() } : { ...rule, name: rule.name.trim(), value: rule.value.trim() })),
  }
}

export function TrunkRulesFields<T extends TrunkRules>({ form }: { form: Form<T> }) {
  const { t } = useTexts('admin')
  const { values, errorOf } = form
  const set = form.set as <K extends keyof TrunkRules>(key: K, value: TrunkRules[K]) => void
  const { caller } = values
  return (
    <>
      <Group title={t('trunk_rules.caller')}>
        <TextField label={t('trunk_rules.caller_default')} value={caller.default ?? ''} onChange={(text) => set('caller', { ...caller, default: text })} inputMode="tel" help={t('trunk_rules.caller_default_help')} error={errorOf('caller.default')} data-testid="field-caller-default" />
        <TextArea label={t('trunk_rules.caller_allowed')} value={(caller.allowed ?? []).join('\n')} onChange={(text) => set('caller', { ...caller, allowed: linesOf(text) })} rows={2} help={t('trunk_rules.caller_allowed_help')} error={errorOf('caller.allowed')} inputClassName="font-mono" data-testid="field-caller-allowed" />
        <Checkbox isSelected={caller.is_withheld ?? false} onChange={(isOn) => set('caller', { ...caller, is_withheld: isOn })}>
          {t('trunk_rules.caller_withheld')}
        </Checkbox>
      </Group>
      <Group title={t('trunk_rules.numbers')}>
        <p className="text-xs text-ink-3">{t('trunk_rules.numbers_help')}</p>
        <NumberRules title={t('trunk_rules.numbers_out')} field="numbers_out" rules={values.numbers_out} onChange={(rules) => set('numbers_out', rules)} errorOf={errorOf} />
        <NumberRules title={t('trunk_rules.numbers_shown')} field="numbers_shown" rules={values.numbers_shown} onChange={(rules) => set('numbers_shown', rules)} errorOf={errorOf} />
        <NumberRules title={t('trunk_rules.numbers_in')} field="numbers_in" rules={values.numbers_in} onChange={(rules) => set('numbers_in', rules)} errorOf={errorOf} />
      </Group>
      <Group title={t('trunk_rules.invites')}>
        <TextField label={t('trunk_rules.codecs')} value={values.codecs.join(',')} onChange={(text) => set('codecs', text === '' ? [] : text.split(','))} placeholder="pcma,pcmu" help={t('trunk_rules.codecs_help')} error={errorOf('codecs')} data-testid="field-codecs" />
        <Rows<HeaderRule> title={t('trunk_rules.headers')} help={t('trunk_rules.headers_help')} rows={values.headers} onChange={(rows) => set('headers', rows)} blank={() => ({ do: 'set', name: '', value: '' })} addText={t('trunk_rules.headers_add')} data-testid="rows-headers">
          {(rule, change, index) => (
            <div className="grid min-w-0 flex-1 grid-cols-[6rem_1fr_1fr] items-end gap-2">
              <Select
                label={t('trunk_rules.header_do')}
                isLabelHidden={index > 0}
                choices={(['set', 'add', 'remove'] as const).map((id) => ({ id, label: t(`trunk_rules.header_${id}`) }))}
                value={rule.do}
                onChange={(id) => change(id === 'remove' ? { do: 'remove', name: rule.name } : { do: id === 'add' ? 'add' : 'set', name: rule.name, value: 'value' in rule ? rule.value : '' })}
              />
              <TextField label={t('trunk_rules.header_name')} isLabelHidden={index > 0} value={rule.name} onChange={(name) => change({ ...rule, name })} placeholder="X-Account" error={errorOf(`headers[${index}].name`)} data-testid={`field-header-name-${index}`} />
              {rule.do !== 'remove' && <TextField label={t('trunk_rules.header_value')} isLabelHidden={index > 0} value={rule.value} onChange={(value) => change({ ...rule, value })} error={errorOf(`headers[${index}].value`)} data-testid={`field-header-value-${index}`} />}
            </div>
          )}
        </Rows>
      </Group>
    </>
  )
}

interface NumberRulesProps {
  title: string
  field: 'numbers_in' | 'numbers_out' | 'numbers_shown'
  rules: readonly NumberRule[]
  onChange: (rules: NumberRule[]) => void
  errorOf: (path: string) => string | undefined
}

function NumberRules({ title, field, rules, onChange, errorOf }: NumberRulesProps) {
  const { t } = useTexts('admin')
  return (
    <Rows<NumberRule> title={title} rows={rules} onChange={onChange} blank={() => ({ pattern: '', strip: 0, prepend: '' })} addText={t('trunk_rules.numbers_add')} data-testid={`rows-${field}`}>
      {(rule, change, index) => (
        <div className="grid min-w-0 flex-1 grid-cols-[1fr_4.5rem_6rem] items-end gap-2">
          <TextField label={t('trunk_rules.pattern')} isLabelHidden={index > 0} value={rule.pattern} onChange={(pattern) => change({ ...rule, pattern })} placeholder="+34XXXXXXXXX" inputClassName="font-mono" error={errorOf(`${field}[${index}].pattern`)} data-testid={`${field}-pattern-${index}`} />
          <NumberField label={t('trunk_rules.strip')} isLabelHidden={index > 0} value={rule.strip} onChange={(strip) => change({ ...rule, strip })} error={errorOf(`${field}[${index}].strip`)} data-testid={`${field}-strip-${index}`} />
          <TextField label={t('trunk_rules.prepend')} isLabelHidden={index > 0} value={rule.prepend} onChange={(prepend) => change({ ...rule, prepend })} inputClassName="font-mono" error={errorOf(`${field}[${index}].prepend`)} data-testid={`${field}-prepend-${index}`} />
        </div>
      )}
    </Rows>
  )
}
