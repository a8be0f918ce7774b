// Which calls are recorded, and what becomes of recordings.
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Checkbox, Select } from '@/ui'
import { Group, NumberField } from '../form-parts'

type Policy = Schemas['RecordingPolicy']
type Rules = Schemas['RecordingRules']

const MODES: readonly Policy['mode'][] = ['never', 'on_demand', 'percent', 'always']
/** A select wants a key. */
const AS_CENTRE = 'as_centre'
const NO_RULES: Rules = { inbound: { mode: 'never' }, outbound: { mode: 'never' }, begins: 'connected', pause_secs_max: 300, keep_days: 90, is_own_heard_by_agents: false }

export function RecordingPolicyField({ label, value, hasDefault = false, onChange, error, 'data-testid': testId }: { label: string; value: Policy | null; hasDefault?: boolean; onChange: (policy: Policy | null) => void; error?: string | undefined; 'data-testid'?: string }) {
  const { t } = useTexts('admin')
  const choices = MODES.map((id) => ({ id: id as string, label: t(`recording.mode.${id}`) }))
  const choose = (id: string) => {
    const mode = MODES.find((one) => one === id)
    onChange(mode === undefined ? null : mode === 'percent' ? { mode, percent: 10 } : { mode })
  }
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_112px] gap-2">
      <Select label={label} choices={hasDefault ? [{ id: AS_CENTRE, label: t('recording.as_centre') }, ...choices] : choices} value={value?.mode ?? AS_CENTRE} onChange={choose} data-testid={testId} />
      {value?.mode === 'percent' && <NumberField label={t('recording.percent')} unit="%" value={value.percent} onChange={(percent) => onChange({ mode: 'percent', percent })} error={error} />}
    </div>
  )
}

export function CentreRecordingFields({ form }: { form: Form<Schemas['Centre']> }) {
  const { t } = useTexts('admin')
  const rules = form.values.recording ?? NO_RULES
  const change = (part: Partial<Rules>) => form.set('recording', { ...rules, ...part })
  return (
    <Group title={t('recording.title')}>
      <p className="text-xs text-ink-3">{t('recording.about')}</p>
      <RecordingPolicyField label={t('recording.inbound')} value={rules.inbound} onChange={(policy) => policy && change({ inbound: policy })} error={form.errorOf('recording.inbound.percent')} data-testid="field-recording-inbound" />
      <RecordingPolicyField label={t('recording.outbound')} value={rules.outbound} onChange={(policy) => policy && change({ outbound: policy })} error={form.errorOf('recording.outbound.percent')} data-testid="field-recording-outbound" />
      <div className="grid grid-cols-3 gap-2">
        <Select label={t('recording.begins')} choices={(['connected', 'answered'] as const).map((id) => ({ id, label: t(`recording.begins_at.${id}`) }))} value={rules.begins} onChange={(id) => change({ begins: id === 'answered' ? 'answered' : 'connected' })} />
        <NumberField label={t('recording.pause_secs_max')} unit="s" value={rules.pause_secs_max} onChange={(value) => change({ pause_secs_max: value })} error={form.errorOf('recording.pause_secs_max')} data-testid="field-recording-pause" />
        <NumberField label={t('recording.keep_days')} value={rules.keep_days} onChange={(value) => change({ keep_days: value })} error={form.errorOf('recording.keep_days')} data-testid="field-recording-days" />
      </div>
      <Checkbox isSelected={rules.is_own_heard_by_agents} onChange={(isOn) => change({ is_own_heard_by_agents: isOn })}>
        {t('recording.own_heard')}
      </Checkbox>
    </Group>
  )
}
