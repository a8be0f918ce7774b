// Which calls' audio goes to outside systems.
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Checkbox, Select } from '@/ui'
import { useEntries } from '../directory'
import { Group, NumberField } from '../form-parts'
import { Rows } from '../rows'

type ForkRule = Schemas['ForkRule']
type ForkRules = Schemas['ForkRules']

const NO_FORKS: ForkRules = { inbound: [], outbound: [], begins: 'connected' }

/** Outside systems, each with the share of calls that it gets. */
function ForkRows({ title, rules, field, form, onChange, 'data-testid': testId }: { title: string; rules: readonly ForkRule[]; field: string; form: { errorOf: (field: string) => string | undefined }; onChange: (rules: ForkRule[]) => void; 'data-testid': string }) {
  const { t } = useTexts('admin')
  const { data: forks = [] } = useEntries<Schemas['MediaFork']>('/media-forks')
  const choices = forks.map((fork) => ({ id: fork.id, label: fork.name }))
  const unused = () => choices.find((one) => !rules.some((rule) => rule.fork === one.id))?.id ?? ''
  return (
    <Rows<ForkRule> title={title} help={choices.length === 0 ? t('forks.none_yet') : undefined} rows={[...rules]} onChange={onChange} blank={() => ({ fork: unused(), percent: 100 })} addText={t('forks.add')} error={form.errorOf(field)} data-testid={testId}>
      {(rule, change, index) => (
        <div className="grid min-w-0 flex-1 grid-cols-[1fr_6rem] items-end gap-2">
          <Select label={t('forks.to')} isLabelHidden={index > 0} choices={choices} value={rule.fork === '' ? null : rule.fork} onChange={(fork) => change({ ...rule, fork })} placeholder={t('choose')} error={form.errorOf(`${field}[${index}].fork`)} />
          <NumberField label={t('recording.percent')} unit="%" isLabelHidden={index > 0} value={rule.percent} onChange={(percent) => change({ ...rule, percent })} error={form.errorOf(`${field}[${index}].percent`)} />
        </div>
      )}
    </Rows>
  )
}

export function QueueForkFields({ form }: { form: Form<Schemas['Queue']> }) {
  const { t } = useTexts('admin')
  const { values, set } = form
  const rules = values.forks ?? null
  return (
    <Group title={t('forks.title')}>
      <Checkbox isSelected={rules === null} onChange={(isOn) => set('forks', isOn ? null : [])}>
        {t('recording.as_centre')}
      </Checkbox>
      {rules !== null && <ForkRows title={t('forks.of_queue')} rules={rules} field="forks" form={form} onChange={(next) => set('forks', next)} data-testid="rows-forks" />}
    </Group>
  )
}

export function CentreForkFields({ form }: { form: Form<Schemas['Centre']> }) {
  const { t } = useTexts('admin')
  const rules = form.values.forks ?? NO_FORKS
  const change = (part: Partial<ForkRules>) => form.set('forks', { ...rules, ...part })
  return (
    <Group title={t('forks.title')}>
      <p className="text-xs text-ink-3">{t('forks.about')}</p>
      <ForkRows title={t('recording.inbound')} rules={rules.inbound} field="forks.inbound" form={form} onChange={(inbound) => change({ inbound })} data-testid="rows-forks-inbound" />
      <ForkRows title={t('recording.outbound')} rules={rules.outbound} field="forks.outbound" form={form} onChange={(outbound) => change({ outbound })} data-testid="rows-forks-outbound" />
      <Select label={t('forks.begins')} choices={(['connected', 'answered'] as const).map((id) => ({ id, label: t(`recording.begins_at.${id}`) }))} value={rules.begins} onChange={(id) => change({ begins: id === 'answered' ? 'answered' : 'connected' })} />
    </Group>
  )
}
