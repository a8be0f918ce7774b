// A field that the workflow adds to tickets, by the kind of what can stand in it.
import type { FieldRule } from '@/api/records'
import { useTexts } from '@/i18n/use-texts'
import { Select, TextField } from '@/ui'
import { textIn } from './use-workflow'

const FIELD_CHARS_MAX = 500
const NONE = '(none)'

export function WorkflowField({ id, rule, value, onChange, error, isDisabled = false }: { id: string; rule: FieldRule; value: string | null; onChange: (value: string | null) => void; error?: string | undefined; isDisabled?: boolean }) {
  const { t, i18n } = useTexts('tickets')
  const label = textIn(rule.names, i18n.language) ?? id
  switch (rule.kind) {
    case 'choice':
    case 'yes_no': {
      const choices = rule.kind === 'choice' ? rule.choices.map((word) => ({ id: word, label: word })) : [{ id: 'yes', label: t('yes') }, { id: 'no', label: t('no') }]
      return <Select label={label} choices={[{ id: NONE, label: t('common:not_set') }, ...choices]} value={value ?? NONE} onChange={(chosen) => onChange(chosen === NONE ? null : chosen)} error={error} isDisabled={isDisabled} data-testid={`field-${id}`} />
    }
    case 'text':
    case 'number':
    case 'date': {
      const help = rule.kind === 'date' ? t('field_date') : rule.kind === 'number' ? t('field_number') : undefined
      return <TextField label={label} value={value ?? ''} onChange={(text) => onChange(text.trim() === '' ? null : text)} maxLength={FIELD_CHARS_MAX} error={error} isDisabled={isDisabled} data-testid={`field-${id}`} {...(help === undefined ? {} : { help })} />
    }
  }
}
